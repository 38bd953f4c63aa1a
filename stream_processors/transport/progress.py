"""Which runs are open and which are finished, and so what may be committed. No Kafka in it; safe between threads."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import Message

TopicPartition = tuple[str, int]
OPEN_RUNS: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Consecutive records of one partition.

    Attributes:
        partition: topic and number.
        records: in the order of their offsets, at least one.
        start: where the run before it ended.
        end: the position after the last record.
        size: bytes of the values.
        epoch: the assignment under which it was read; a run of an older one cannot be committed.
    """

    partition: TopicPartition
    records: list[Message]
    start: int
    end: int
    size: int
    epoch: int
    progress: "Progress" = field(repr=False)

    def finish(self) -> bool:
        """Allow the commit of its end. False: the partition moved away meanwhile, nothing is committed."""
        return self.progress.finish(self)

    @property
    def is_current(self) -> bool:
        """Whether its partition is still ours, as it was when it was read."""
        return self.epoch == self.progress.epoch

    @property
    def oldest(self) -> int:
        """Kafka's time of the first record, in milliseconds since 1970; 0 where it has none."""
        return max(0, self.records[0].timestamp()[1])


class OutOfOrderError(Exception):
    """A run was finished before the one that comes before it: a bug, and no commit may follow."""


class Progress:
    """The runs of one assignment, and how far each partition is read, finished and committed."""

    def __init__(self, open_bytes: int, open_runs: int = OPEN_RUNS) -> None:
        """What may be open, before it is full."""
        self._changed = threading.Condition()
        self._open_bytes = open_bytes
        self._open_runs = open_runs
        self._epoch = 0
        self._read: dict[TopicPartition, int] = {}
        self._finished: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._open: dict[TopicPartition, deque[Run]] = {}
        self._handed = 0
        self._runs = 0
        self._bytes = 0

    @property
    def epoch(self) -> int:
        """Counts assignments."""
        return self._epoch

    def begin(self, starts: Mapping[TopicPartition, int], known: Mapping[TopicPartition, int] | None = None) -> None:
        """A new assignment, read from these positions; what was open before can no longer be finished.

        `known`: what Kafka has instead. A start that differs is to be committed even if nothing ever comes: others
        wait for this group.
        """
        with self._changed:
            self._epoch += 1
            self._read = dict(starts)
            self._finished = dict(starts)
            self._committed = {**starts, **(known or {})}
            self._open = {partition: deque() for partition in starts}
            self._handed = self._runs = self._bytes = 0
            self._changed.notify_all()

    def open(self, partition: TopicPartition, records: list[Message], size: int) -> Run:
        """A run that was just read."""
        last = records[-1].offset()
        if last is None:
            msg = "a record has no offset"
            raise OutOfOrderError(msg)
        with self._changed:
            run = Run(partition, records, self._read[partition], last + 1, size, self._epoch, self)
            self._read[partition] = run.end
            self._open[partition].append(run)
            self._runs += 1
            self._bytes += size
        return run

    def hand(self, run: Run) -> bool:
        """Note that a run goes to the agent. False: it is of an older assignment, and goes nowhere."""
        with self._changed:
            if run.epoch != self._epoch:
                return False
            self._handed += 1
            return True

    def finish(self, run: Run) -> bool:
        """See `Run.finish`.

        Raises:
            OutOfOrderError: a run before it is not finished.
        """
        with self._changed:
            if run.epoch != self._epoch:
                return False
            if self._finished[run.partition] != run.start:
                msg = f"run {run.partition} {run.start}-{run.end} was finished out of order"
                raise OutOfOrderError(msg)
            self._finished[run.partition] = run.end
            self._open[run.partition].popleft()
            self._handed -= 1
            self._runs -= 1
            self._bytes -= run.size
            self._changed.notify_all()
            return True

    @property
    def is_full(self) -> bool:
        """Whether so much is open that nothing more should be read."""
        return self._runs >= self._open_runs or self._bytes >= self._open_bytes

    def wait_for_room(self, timeout: float) -> bool:
        """Wait until it is not full, or the time (seconds) is over."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.is_full, timeout)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until the agent has finished all that it was handed, or the time (seconds) is over."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._handed, timeout)

    def committable(self) -> dict[TopicPartition, int]:
        """Positions that are finished and that Kafka does not have yet."""
        with self._changed:
            return {at: end for at, end in self._finished.items() if end != self._committed[at]}

    def committed(self, positions: Mapping[TopicPartition, int]) -> None:
        """Kafka has these positions."""
        with self._changed:
            self._committed |= {at: end for at, end in positions.items() if at in self._committed}

    def finished(self) -> dict[TopicPartition, int]:
        """The position after the last finished run of each partition."""
        with self._changed:
            return dict(self._finished)

    def oldest(self) -> dict[TopicPartition, int]:
        """Kafka's time of the first record that is not finished, in milliseconds since 1970, where there is one."""
        with self._changed:
            return {at: runs[0].oldest for at, runs in self._open.items() if runs}
