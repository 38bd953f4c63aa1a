"""Two ways to count a backlog: by partition, for brokers that keep all; by the whole flow, for one that drops.

Both know to the byte what this process sent, from its delivery reports; what others sent they know in messages.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.kafka.backlog import Report, Stage, TopicPartition

FIRST_GUESS: Final = 1024  # bytes of a message, before we have sent one
_RUN: Final = 1 << 16  # bytes of neighbours that are counted as one, so that a long backlog takes little memory
_EPOCHS: Final = 64  # at most; beyond, what lands is counted with the youngest
_MEMORY: Final = 100_000  # messages after which the mean forgets half


@dataclass(slots=True)
class _Run:
    """Messages of ours that lie near one another in a partition."""

    first: int  # the lowest offset
    last: int  # the highest one
    size: int
    count: int

    def before(self, offset: int) -> int:
        """How many of them may lie before it, at most, if the last does not."""
        return min(self.count - 1, max(0, offset - self.first))

    def beyond(self, offset: int) -> int:
        """How many of them may lie at it or beyond, at most."""
        return min(self.count - (self.first < offset), max(0, self.last + 1 - offset))


@dataclass(slots=True)
class _Partition:
    runs: deque[_Run] = field(default_factory=deque)  # ours, not yet consumed
    size: int = 0
    count: int = 0
    others: int = 0  # messages of others, not yet consumed
    end: int = 0

    def add(self, offset: int, size: int) -> None:
        self.size += size
        self.count += 1
        last = self.runs[-1] if self.runs else None
        if last is not None and last.size + size <= _RUN:
            last.first = min(last.first, offset)
            last.last = max(last.last, offset)
            last.size += size
            last.count += 1
        else:
            self.runs.append(_Run(offset, offset, size, 1))

    def observe(self, committed: int, end: int) -> None:
        if end < self.end:  # the topic was made anew: what we sent to the old one is gone with it
            self.runs.clear()
            self.size = self.count = 0
        self.end = end
        while self.runs and self.runs[0].last < committed:
            run = self.runs.popleft()
            self.size -= run.size
            self.count -= run.count
        self.others = max(0, end - committed - self._ours(committed, end))

    def _ours(self, committed: int, end: int) -> int:
        """How many of the messages between the two are ours, at least: what is ours is not of others."""
        count = self.count - self.runs[0].before(committed) if self.runs else 0
        for run in reversed(self.runs):
            if run.last < end:
                break
            count -= run.beyond(end)  # landed after the end was asked
        return max(0, count)


class _Partitions(dict[TopicPartition, _Partition]):
    def __missing__(self, at: TopicPartition) -> _Partition:
        self[at] = _Partition()
        return self[at]


class PartitionBook:
    """The partition with the largest backlog; messages of others at the mean size of ours."""

    def __init__(self) -> None:
        self._partitions = _Partitions()
        self._size = 0
        self._count = 0
        self.held = 0

    def landed(self, reports: Iterable[Report]) -> None:
        """Delivery reports of what this process sent."""
        for topic, partition, offset, size in reports:
            at = self._partitions[topic, partition]
            at.add(offset, size)
            self._size += size
            self._count += 1
            self.held = max(self.held, self._bytes(at))
        if self._count > _MEMORY:
            self._size //= 2
            self._count //= 2

    def observe(self, stages: Sequence[Stage]) -> None:
        """What Kafka says of each group."""
        for stage in stages:
            for where, (committed, end) in stage.items():
                self._partitions[where].observe(committed, end)
        self.held = max(map(self._bytes, self._partitions.values()), default=0)

    def _bytes(self, at: _Partition) -> int:
        return at.size + at.others * (self._size // self._count if self._count else FIRST_GUESS)


@dataclass(slots=True)
class _Epoch:
    """What landed between two looks, until all groups have passed it."""

    size: int = 0
    largest: int = 0
    stage: int = 0
    marks: dict[TopicPartition, int] = field(default_factory=dict)  # how far the groups must come

    def add(self, where: TopicPartition, offset: int, size: int) -> None:
        self.size += size
        self.largest = max(self.largest, size)
        self.marks[where] = max(self.marks.get(where, 0), offset + 1)

    def is_passed(self, stages: Sequence[Stage], later: Sequence[frozenset[TopicPartition]]) -> bool:
        """Whether the last group has consumed all of it; moves it on by as many groups as have.

        `later`: of each stage, the partitions of the stages after it.
        """
        while self.stage < len(stages):
            seen, beyond = stages[self.stage], later[self.stage]
            if any(seen.get(at, (0, 0))[0] < mark for at, mark in self.marks.items() if at not in beyond):
                return False
            self.stage += 1
            if self.stage < len(stages):  # what became of it lies before the ends, asked after this group's commits
                waiting = {at: mark for at, mark in self.marks.items() if at in beyond}
                ends = {at: end for at, (_, end) in stages[self.stage].items()}
                self.marks = {at: max(waiting.get(at, 0), ends.get(at, 0)) for at in waiting.keys() | ends.keys()}
        return True


class FlowBook:
    """All that was accepted and that the last group has not consumed, as if it could meet in one partition.

    For a broker that drops the oldest of a full partition: what is counted is what the fullest partition could hold if
    the first group consumed everything now and the last one nothing. Groups commit only after their outputs are in
    Kafka; so a message is gone from the flow when the first group has passed it, and the last one has passed the ends
    that were asked after that. Messages of others count as large as the largest of ours that may still be there.
    """

    def __init__(self) -> None:
        self._epochs: deque[_Epoch] = deque([_Epoch()])
        self._partitions = _Partitions()
        self._later: frozenset[TopicPartition] = frozenset()  # partitions that the first group does not read
        self.held = 0

    def landed(self, reports: Iterable[Report]) -> None:
        """Delivery reports of what this process sent."""
        for topic, partition, offset, size in reports:
            self._epochs[-1].add((topic, partition), offset, size)
            self._partitions[topic, partition].add(offset, size)
        self.held = self._count()

    def observe(self, stages: Sequence[Stage]) -> None:
        """What Kafka says of each group, in the order in which interactions pass them."""
        for stage in stages:
            for where, (committed, end) in stage.items():
                self._partitions[where].observe(committed, end)
        later = [frozenset().union(*stages[number + 1 :]) for number in range(len(stages))]
        self._later = later[0] if later else frozenset()
        if self._epochs[-1].size and len(self._epochs) < _EPOCHS:
            self._epochs.append(_Epoch())
        passed = [epoch for epoch in self._epochs if epoch.size and epoch.is_passed(stages, later)]
        self._epochs = deque(epoch for epoch in self._epochs if epoch not in passed) or deque([_Epoch()])
        self.held = self._count()

    def _count(self) -> int:
        largest = max((epoch.largest for epoch in self._epochs), default=0) or FIRST_GUESS
        waiting = others = ahead = 0
        for where, at in self._partitions.items():
            size = at.size + at.others * largest
            if where in self._later:
                ahead = max(ahead, size)
            else:
                waiting += size
                others += at.others * largest
        return min(sum(epoch.size for epoch in self._epochs) + others, waiting + ahead)
