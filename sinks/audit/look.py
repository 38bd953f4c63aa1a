"""What Kafka says, asked in the order that makes a missing fate a proof of loss.

1. How far the processors have committed: the outcome of everything before it is in Kafka.
2. The ends of the outputs, and then that the sinks have committed as far: its rows are in ClickHouse. A row that
   ClickHouse refuses goes to `interactions.rejected` first, so that topic's end is asked when the others are passed,
   and once more, since its own rows may be refused too.
3. The ends of the raw topics: not before 1, so that no commit is beyond them.

Where the sinks are down or far behind, the outputs that they have not committed are read instead: they say which
positions are on their way. The fates are read after all of it, and the topics' ids once more after that.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from schemas.kafka.clients import process_group, sink_group
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.audit.bounds import Seen
from sinks.audit.spans import Span, joined
from sinks.ranges import Where
from sinks.refuse import position_of

TopicPartition = tuple[str, int]
Pause = Callable[[], bool]  # waits a moment; False: patience is at an end
Read = Callable[[Mapping[TopicPartition, Span]], Iterable[bytes]]  # the records of some spans; may raise TooMuchError


class TooMuchError(Exception):
    """So much waits for the sinks that it is not read."""


class Offsets(Protocol):
    """What is asked of Kafka (`schemas.kafka.offsets.KafkaOffsets`)."""

    def topic_ids(self, topics: Iterable[str]) -> dict[str, UUID]:
        """The id of each topic."""

    def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """Every partition of these topics that exist."""

    def committed(self, group: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of a group in each partition; the partition's beginning where it has none."""

    def begins_of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The beginning of each partition."""

    def ends_of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The end of each partition."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What Kafka said.

    Attributes:
        ids: of the raw topics.
        seen: each raw partition.
        caught_up: whether the outputs of everything that the processors had committed are passed by the sinks, or
            known to wait for them.
        waiting: raw positions whose outputs wait for the sinks; empty where none had to be read.
    """

    ids: Mapping[str, UUID]
    seen: Mapping[Where, Seen]
    caught_up: bool
    waiting: Mapping[Where, list[Span]] = field(default_factory=dict)


NO_KAFKA = Snapshot({}, {}, caught_up=True)  # its memory is gone: nothing is on its way


def look(offsets: Offsets, kafka: KafkaSettings, pause: Pause, read: Read | None = None) -> Snapshot:
    """Ask Kafka; `pause` is called while the sinks are behind, `read` when they stay behind."""
    topics = Topics(kafka.prefix)
    raw = offsets.partitions(topics.raw)
    ids = offsets.topic_ids({topic for topic, _ in raw})
    committed = offsets.committed(process_group(kafka), raw)
    caught_up = all(
        _passed(offsets, sink_group(kafka), outputs, pause)
        for outputs in ((topics.timeline, topics.duplicates), (topics.rejected,), (topics.rejected,))
    )
    waiting: Mapping[Where, list[Span]] = {}
    if not caught_up and read is not None:
        with suppress(TooMuchError):  # what waits is not known: nothing new is judged
            waiting, caught_up = _waiting(offsets, kafka, read), True
    begins, ends = offsets.begins_of(raw), offsets.ends_of(raw)
    seen = {Where(at[0], ids[at[0]], at[1]): Seen(begins[at], ends[at], committed[at]) for at in raw}
    return Snapshot(ids, seen, caught_up, waiting)


def _waiting(offsets: Offsets, kafka: KafkaSettings, read: Read) -> dict[Where, list[Span]]:
    """Raw positions of the outputs that the sinks have not committed.

    The end of `interactions.rejected` is asked after the commits: what the sinks refused before them is in front of it.
    """
    topics, group = Topics(kafka.prefix), sink_group(kafka)
    others, rejected = offsets.partitions((topics.timeline, topics.duplicates)), offsets.partitions((topics.rejected,))
    ends = offsets.ends_of(others)
    committed = offsets.committed(group, [*others, *rejected])
    ends |= offsets.ends_of(rejected)
    found: dict[Where, list[Span]] = {}
    for value in read({at: (committed[at], end) for at, end in ends.items() if committed[at] < end}):
        position = position_of(value)
        if position is not None:
            where = Where(position.topic, position.topic_id, position.partition)
            found.setdefault(where, []).append((position.offset, position.offset + 1))
    return {where: joined(spans) for where, spans in found.items()}


def _passed(offsets: Offsets, group: str, topics: tuple[str, ...], pause: Pause) -> bool:
    """Whether a group gets as far as these topics reach now."""
    partitions = offsets.partitions(topics)
    ends = offsets.ends_of(partitions)
    while True:
        committed = offsets.committed(group, partitions)
        behind = [at for at in partitions if committed[at] < ends[at]]
        begins = offsets.begins_of(behind)
        if all(begins[at] >= ends[at] for at in behind):  # what was deleted unread is not waited for
            return True
        if not pause():
            return False
