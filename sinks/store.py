"""The story of ranges that go to ClickHouse in one insert: pend, insert, commit. Exactly once through any crash.

1. Commit each range's first offset with a mark that names its last, and the others' spans: whoever comes next reads
   exactly these ranges again. All marks in one commit: Kafka has all of them or none.
2. Insert under a token that names the ranges: ClickHouse drops what comes a second time.
3. Commit the offset after each, without a mark.

A crash before 1 leaves no trace; between 1 and 3 the same rows go out again under the same token, once for each of the
ranges, with whoever holds it then: the others' records are read again for that. A refused insert has stored nothing,
so its ranges may go each alone, and one that is refused alone may be cut, each piece told as a story of its own; a
single record that is refused is marked as such before it goes to `interactions.rejected`, so that no later version of
ClickHouse takes it as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sinks.errors import TransientError
from sinks.ranges import Range

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Refused:
    """ClickHouse cannot take these bytes as data; nothing of them was stored.

    Attributes:
        detail: what it said.
        row: which row it said it about, from 0; None where it did not say.
    """

    detail: str
    row: int | None = None


class Log(Protocol):
    """The partitions of some ranges, as their writer sees them."""

    def pend(self, ranges: Sequence[Range]) -> None:
        """Commit all marks or none; returns when Kafka has them. Raises LostError when one has another owner."""

    def whole(self, ranges: Sequence[Range]) -> Sequence[Range]:
        """The ranges, and those beside them, read again where they are not among them; by partition."""

    def finish(self, ranges: Sequence[Range]) -> None:
        """Commit the positions after them; returns when Kafka has them. Raises LostError when one has another owner."""

    def reject(self, batch: Range, offset: int, value: bytes) -> None:
        """Publish a record to `interactions.rejected`; returns when all replicas have it."""

    def pause(self, seconds: float) -> None:
        """Wait before the next try. Raises LostError when all have other owners."""


class Table(Protocol):
    """A table of ClickHouse."""

    def insert(self, ranges: Sequence[Range]) -> Refused | None:
        """Insert under the ranges' token. Raises TransientError when it is unknown whether it was stored."""


def store(ranges: Sequence[Range], log: Log, table: Table) -> None:
    """Store ranges of one topic: afterwards each of their records is in the table or in `interactions.rejected`, once.

    Raises:
        LostError: a partition has another owner, who goes on from its mark, as must whoever has the others.
    """
    todo = [ranges]
    while todo:
        ranges = todo.pop()
        log.pend(ranges)
        if ranges[0].state == "open":
            refused = _insert(log.whole(ranges), log, table)
            if refused is not None:
                todo += reversed(_smaller(ranges, refused, log))
                continue
        else:
            [batch] = ranges
            for offset, value in zip(batch.offsets, batch.values, strict=True):
                log.reject(batch, offset, value)
        log.finish(ranges)


def _insert(ranges: Sequence[Range], log: Log, table: Table) -> Refused | None:
    """Insert, again and again under the same token, until ClickHouse says yes or no."""
    if not any(batch.values for batch in ranges):  # all of it was deleted before it could be read again
        return None
    pauses = _pauses()
    while True:
        try:
            return table.insert(ranges)
        except TransientError:
            log.pause(next(pauses))


def _smaller(ranges: Sequence[Range], refused: Refused, log: Log) -> list[Sequence[Range]]:
    """What to try instead of an insert that was refused."""
    if ranges[0].beside:
        alone = [batch.alone() for batch in ranges]
        log.pend(alone)  # before any of them is inserted, so that nobody sends all of it again
        return [[batch] for batch in alone]
    [batch] = ranges
    if len(batch.values) == 1:
        return [[batch.refused(refused.detail)]]
    return [[piece] for piece in batch.split(refused.row)]


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE_S)
