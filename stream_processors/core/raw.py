"""What the step takes: records of one partition of `interactions.<channel>`, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.records import Position

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Raw:
    """Records of one partition in the order of their offsets; the columns are of one length.

    Attributes:
        channel: from the topic's name.
        topic, partition: where the records stand.
        topic_ids: the id of each topic of this name that the store has met; the last is the topic's id of today.
        values: the records' bytes; a record without a value has b"".
        offsets: ascending; gaps are allowed.
        arrivals: Kafka's timestamps in milliseconds since 1970; 0 where a record has none.
        headers: Kafka's headers of each record, or None.
    """

    channel: str
    topic: str
    partition: int
    topic_ids: Sequence[UUID]
    values: Sequence[bytes]
    offsets: Sequence[int]
    arrivals: Sequence[int]
    headers: Sequence[Headers | None]

    @property
    def generation(self) -> int:
        """Which of the topics of this name these records belong to."""
        return len(self.topic_ids) - 1

    def position(self, at: int) -> Position:
        """Where the record at an index stands."""
        return Position(self.topic, self.topic_ids[-1], self.partition, self.offsets[at])

    def first(self, generation: int, offset: int) -> Position:
        """Where a record stands that came before, perhaps in an earlier topic of this name."""
        return Position(self.topic, self.topic_ids[generation], self.partition, offset)
