"""The story of one audit: what Kafka accepted, what has a fate, and what does not add up.

Kafka is asked first, the fates are read afterwards; then the topics must still be the same ones. Pages that do not add
up, or that reach beyond the bounds, are read position by position; all others are counted only.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from schemas.kafka.admin import TopicMissingError
from schemas.settings import KafkaSettings
from sinks.audit import bounds as bounded
from sinks.audit.accounts import Account, Page, account
from sinks.audit.bounds import Bounds, Mark
from sinks.audit.look import NO_KAFKA, Offsets, Pause, Read, Snapshot, TopicPartition, look
from sinks.audit.spans import Span, cut
from sinks.ranges import Where

TRIES = 5  # of a look during which a topic was made anew


class MovedError(Exception):
    """A topic was made anew while it was looked at, again and again."""

    def __init__(self) -> None:
        super().__init__("the raw topics were made anew, again and again, while they were looked at")


class Fates(Protocol):
    """What is asked of ClickHouse (`sinks.audit.fates.Fates`)."""

    def pages(self) -> Mapping[Where, Sequence[Page]]:
        """All pages of all partitions, in order."""

    def pages_of(self, where: Where, span: Span) -> Sequence[Page]:
        """The pages of one partition, cut to a span, in order."""

    def runs(self, where: Where, span: Span) -> Sequence[Page]:
        """The fates of a span in pieces that are whole."""

    def doubled(self, where: Where, span: Span) -> Sequence[Span]:
        """The positions of a span that have more than one fate."""

    def marks(self, since: datetime | None = None) -> Mapping[Where, Mark]:
        """What earlier looks saw."""


class TimedOffsets(Offsets, Protocol):
    """Offsets that can be asked for a time as well."""

    def at(self, partitions: list[TopicPartition], moment: datetime) -> dict[TopicPartition, int]:
        """The first record at a time or later, else the end, of each partition where Kafka can say."""


def audit(
    offsets: TimedOffsets,
    kafka: KafkaSettings,
    fates: Fates,
    *,
    pause: Pause,
    now: float,
    read: Read | None = None,
    since: datetime | None = None,
) -> tuple[Snapshot, list[Account]]:
    """Compare all that was accepted, since a time, with its fates; `now` in seconds since 1970.

    Raises:
        MovedError: the topics do not stay the same for as long as this takes.
    """
    for snapshot in looks(offsets, kafka, pause, read):
        marks = fates.marks(since)
        begins = _begins(offsets, snapshot, marks, since) if since else None
        accounts = judged(snapshot, fates, marks, now, begins)
        if is_same(offsets, snapshot):
            return snapshot, accounts
    raise MovedError


def audit_without_kafka(fates: Fates, since: datetime | None = None) -> list[Account]:
    """The same where Kafka was the embedded broker, which has ended: the marks say what it had accepted."""
    marks = fates.marks(since)
    begins = {where: mark.before for where, mark in marks.items()} if since else None
    return judged(NO_KAFKA, fates, marks, math.inf, begins)


def looks(offsets: Offsets, kafka: KafkaSettings, pause: Pause, read: Read | None = None) -> Iterator[Snapshot]:
    """A few looks; ask for the next one where the topics changed during the last."""
    for _ in range(TRIES):
        try:
            snapshot = look(offsets, kafka, pause, read)
        except TopicMissingError:
            continue
        yield snapshot


def is_same(offsets: Offsets, snapshot: Snapshot) -> bool:
    """Whether the topics are still those of the look."""
    try:
        return offsets.topic_ids(snapshot.ids) == snapshot.ids
    except TopicMissingError:
        return False


def judged(
    snapshot: Snapshot,
    fates: Fates,
    marks: Mapping[Where, Mark],
    now: float,
    begins: Mapping[Where, int] | None = None,
) -> list[Account]:
    """The accounts of all partitions that Kafka, marks or fates know; of those in `begins` alone, from there on."""
    pages = fates.pages()
    accounts = []
    for where in sorted({*snapshot.seen, *marks, *pages}, key=str):
        mine = pages.get(where, ())
        fated = (mine[0].lowest, mine[-1].highest + 1) if mine else None
        limits = limits_of(where, snapshot, marks.get(where), fated, now)
        if begins is not None:
            if where not in begins:
                continue
            limits = bounded.since(limits, begins[where])
        accounts.append(_account(fates, where, limits, mine, snapshot.waiting.get(where, ())))
    return accounts


def limits_of(where: Where, snapshot: Snapshot, mark: Mark | None, fated: Span | None, now: float) -> Bounds:
    """What was accepted of a partition that Kafka, a mark or fates know, and what of it must have a fate."""
    if where in snapshot.seen:
        return bounded.of_living(snapshot.seen[where], mark, fated, caught_up=snapshot.caught_up)
    return bounded.of_gone(mark, fated, caught_up=snapshot.caught_up, now=now)


def examined(fates: Fates, where: Where, limits: Bounds) -> Account:
    """The account of one partition, with nothing read beyond its bounds."""
    return _account(fates, where, limits, fates.pages_of(where, (limits.first, limits.end)))


def _begins(
    offsets: TimedOffsets, snapshot: Snapshot, marks: Mapping[Where, Mark], since: datetime
) -> dict[Where, int]:
    """The first position since a time, of each partition where that is known; of what was deleted, marks tell."""
    begins = {where: mark.before for where, mark in marks.items()}
    found = offsets.at([(where.topic, where.partition) for where in snapshot.seen], since)
    for where, seen in snapshot.seen.items():
        at = found.get((where.topic, where.partition))
        if at is not None and at > seen.begin:
            begins[where] = at
        elif where not in begins:
            begins[where] = seen.begin
    return begins


def _account(
    fates: Fates, where: Where, limits: Bounds, pages: Sequence[Page], waiting: Sequence[Span] = ()
) -> Account:
    whole = list(_whole(fates, where, (limits.first, limits.end), pages))
    return account(where, limits, whole, list(_doubles(fates, where, whole)), waiting)


def _whole(fates: Fates, where: Where, limits: Span, pages: Sequence[Page]) -> Iterator[Page]:
    """Pages within the bounds; what does not add up, or reaches beyond them, in pieces that do."""
    for page in pages:
        for span in cut([page.span], limits):
            if page.is_whole and span == page.span:
                yield page
            else:
                yield from fates.runs(where, span)


def _doubles(fates: Fates, where: Where, pages: Sequence[Page]) -> Iterator[Span]:
    for page in pages:
        if page.has_doubles:
            yield from fates.doubled(where, page.span)
