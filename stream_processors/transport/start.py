"""Where the reading of a partition begins, and whether records were lost before it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from stream_processors.transport.progress import TopicPartition


@dataclass(frozen=True, slots=True)
class Found:
    """What Kafka says of a partition at its assignment.

    Attributes:
        committed: the group's position; negative where there is none.
        mark: the metadata of that commit.
        low, high: it holds the records [low, high).
    """

    committed: int
    mark: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Start:
    """A position to read from.

    Attributes:
        offset: the first record to read.
        alarm: what is wrong with the committed position; empty when nothing is.
        mark: metadata of every commit in this assignment.
        is_declared: whether to commit offset and mark before anything is read.
    """

    offset: int
    alarm: str = ""
    mark: str = ""
    is_declared: bool = False


class Positions(Protocol):
    """Who says where partitions begin; called from the poller's thread."""

    def find(self, found: Mapping[TopicPartition, Found]) -> Mapping[TopicPartition, Start]:
        """The start of each partition of an assignment; may wait, and be asked again for the same one."""

    def begun(self) -> None:
        """Kafka has what was declared; records arrive from now on."""

    def withheld(self) -> frozenset[TopicPartition]:
        """Partitions of the assignment that may not be read yet; asked again and again."""


@dataclass(frozen=True, slots=True)
class GroupPositions:
    """Begins where the group has committed. Implements `Positions`.

    `from_beginning`: where a group that has no position begins: with the first record, or behind the last.
    """

    from_beginning: bool

    def find(self, found: Mapping[TopicPartition, Found]) -> Mapping[TopicPartition, Start]:
        """See `Positions`."""
        return {
            at: start(partition.committed, partition.low, partition.high, from_beginning=self.from_beginning)
            for at, partition in found.items()
        }

    def begun(self) -> None:
        """Nothing is declared."""

    def withheld(self) -> frozenset[TopicPartition]:
        """None."""
        return frozenset()


def start(committed: int, low: int, high: int, *, from_beginning: bool) -> Start:
    """The start of a partition that holds the records [low, high). `committed` is negative where there is none."""
    if committed < 0:
        return Start(low if from_beginning else high)
    if committed < low:
        return Start(low, f"{low - committed} records were deleted before they were read: retention is too short")
    if committed > high:
        return Start(low, f"the committed position {committed} is beyond the end {high}: the topic was made anew")
    return Start(committed)


def known(found: Found, begin: Start) -> int:
    """The position that whoever watches a group takes it to have, once `begin` is declared where it asks for that."""
    if begin.is_declared:
        return begin.offset
    return found.committed if found.committed >= 0 else found.low
