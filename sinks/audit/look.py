"""What Kafka says, asked in the order that makes a missing fate a proof of loss.

1. How far the processors have committed: the outcome of everything before it is in Kafka.
2. The ends of the outputs, and then that the sinks have committed as far: its rows are in ClickHouse. A row that
   ClickHouse refuses goes to `interactions.rejected` first, so that topic's end is asked when the others are passed,
   and once more, since its own rows may be refused too.
3. The ends of the raw topics: not before 1, so that no commit is beyond them.

The fates are read after all of it, and the topics' ids once more after that.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from schemas.kafka.clients import process_group, sink_group
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.audit.bounds import Seen
from sinks.ranges import Where

TopicPartition = tuple[str, int]
Pause = Callable[[], bool]  # waits a moment; False: patience is at an end


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
        caught_up: whether the sinks passed the outputs of everything that the processors had committed.
    """

    ids: Mapping[str, UUID]
    seen: Mapping[Where, Seen]
    caught_up: bool


NO_KAFKA = Snapshot({}, {}, caught_up=True)  # its memory is gone: nothing is on its way


def look(offsets: Offsets, kafka: KafkaSettings, pause: Pause) -> Snapshot:
    """Ask Kafka; `pause` is called while the sinks are behind."""
    topics = Topics(kafka.prefix)
    raw = offsets.partitions(topics.raw)
    ids = offsets.topic_ids({topic for topic, _ in raw})
    committed = offsets.committed(process_group(kafka), raw)
    caught_up = all(
        _passed(offsets, sink_group(kafka), outputs, pause)
        for outputs in ((topics.timeline, topics.duplicates), (topics.rejected,), (topics.rejected,))
    )
    begins, ends = offsets.begins_of(raw), offsets.ends_of(raw)
    seen = {Where(at[0], ids[at[0]], at[1]): Seen(begins[at], ends[at], committed[at]) for at in raw}
    return Snapshot(ids, seen, caught_up)


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
