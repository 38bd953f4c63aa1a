"""Which positions of a raw partition were accepted, and which of them must have a fate by now. Pure.

Must have: the processors committed beyond it, so its outcome was in Kafka; and afterwards the sinks committed beyond
whatever was in Kafka then, so its row was in ClickHouse before the fates were read. Such a position is `settled`.
"""

from dataclasses import dataclass
from typing import Final

from sinks.audit.spans import Span

GONE_S: Final = 60.0  # a topic that Kafka no longer has: so long after it was last seen, nothing of it is on its way


@dataclass(frozen=True, slots=True)
class Seen:
    """What Kafka says of a raw partition: it holds [begin, end), the processors committed a position."""

    begin: int
    end: int
    committed: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What earlier looks saw of a raw partition.

    Attributes:
        first: the first position that was there at the first look.
        end: behind the last position that was accepted.
        settled: every position below it must have a fate.
        looked_at: when Kafka had it last, in seconds since 1970.
        before: behind the last position that was accepted before the time that is asked for; `first` where unknown.
    """

    first: int
    end: int
    settled: int
    looked_at: float
    before: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Positions [first, end) were accepted; those below `settled` must have a fate, the others may be in flight."""

    first: int
    settled: int
    end: int


def of_living(seen: Seen, mark: Mark | None, fated: Span | None, *, caught_up: bool) -> Bounds:
    """The bounds of a partition that Kafka has.

    `fated`: the least span that holds all its fates; `caught_up`: whether the sinks passed, after the processors'
    positions were asked, all outputs that were there then.
    """
    marks = [] if mark is None else [mark]
    first = min([seen.begin, *(mark.first for mark in marks), *([fated[0]] if fated and fated[0] < seen.end else [])])
    end = max([seen.end, *(mark.end for mark in marks)])
    passed = 0
    if caught_up:  # a commit beyond the end is of an older topic; what was deleted unread cannot be processed any more
        passed = max(seen.begin, seen.committed if seen.committed <= seen.end else 0)
    settled = max([passed, *(mark.settled for mark in marks)])
    return Bounds(first, min(max(settled, first), end), end)


def of_gone(mark: Mark | None, fated: Span | None, *, caught_up: bool, now: float) -> Bounds:
    """The bounds of a partition that Kafka does not have any more: what marks and fates say was accepted."""
    spans = [*([(mark.first, mark.end)] if mark else []), *([fated] if fated else [])]
    first, end = min(first for first, _ in spans), max(end for _, end in spans)
    if caught_up and (mark is None or now - mark.looked_at > GONE_S):
        return Bounds(first, end, end)
    return Bounds(first, max(first, mark.settled if mark else first), end)


def since(bounds: Bounds, begin: int) -> Bounds:
    """The same, from a position on."""
    first = min(max(bounds.first, begin), bounds.end)
    return Bounds(first, max(first, bounds.settled), bounds.end)
