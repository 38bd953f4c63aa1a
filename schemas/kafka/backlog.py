"""The backlog: bytes that are accepted and not yet consumed, partition by partition, and the budget that bounds them.

A producer asks `reserve` before it hands bytes to Kafka. What it sent itself it knows to the byte from its delivery
reports; what others sent is counted in messages and taken at the mean size of its own.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

TopicPartition = tuple[str, int]
FIRST_GUESS: Final = 1024  # bytes of a message, before we have sent one


@dataclass(slots=True)
class _Partition:
    sent: deque[tuple[int, int]] = field(default_factory=deque)  # (offset, bytes) of ours, not yet consumed
    own: int = 0
    foreign: int = 0  # messages of others, not yet consumed


class Ledger:
    """The backlog of a set of partitions against a budget in bytes for each of them. Safe between threads."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._flying = 0  # bytes reserved: any partition may get them
        self._bytes = 0
        self._messages = 0

    def reserve(self, size: int) -> bool:
        """Whether `size` bytes may be sent now. An empty backlog takes anything, so that nothing waits for ever."""
        with self._lock:
            held = self._flying + self._largest()
            if held and held + size > self.budget:
                return False
            self._flying += size
            return True

    def release(self, size: int) -> None:
        """What was reserved has landed, or will not be sent."""
        with self._lock:
            self._flying -= size

    def landed(self, reports: Iterable[tuple[str, int, int, int]]) -> None:
        """Delivery reports: (topic, partition, offset, bytes) each."""
        with self._lock:
            for topic, partition, offset, size in reports:
                at = self._partitions.setdefault((topic, partition), _Partition())
                at.sent.append((offset, size))
                at.own += size
                self._bytes += size
                self._messages += 1

    def observe(self, partition: TopicPartition, committed: int, end: int) -> None:
        """A group's position and the partition's end, as Kafka has them."""
        with self._lock:
            at = self._partitions.setdefault(partition, _Partition())
            while at.sent and at.sent[0][0] < committed:
                at.own -= at.sent.popleft()[1]
            at.foreign = max(0, end - committed - len(at.sent))

    @property
    def largest(self) -> int:
        """Bytes of the partition with the largest backlog, those in flight included."""
        with self._lock:
            return self._flying + self._largest()

    def _largest(self) -> int:
        mean = self._bytes // self._messages if self._messages else FIRST_GUESS
        return max((at.own + at.foreign * mean for at in self._partitions.values()), default=0)


class Offsets(Protocol):
    """What the watch asks Kafka (`schemas.kafka.offsets.KafkaOffsets`)."""

    def committed(self, group: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of a group in each partition; the partition's beginning where it has none."""

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """The end of every partition of these topics that exist."""


Lag = Callable[[str, TopicPartition, int], None]  # group, partition, messages


class Watch:
    """A thread that keeps a ledger current: who has consumed how far.

    Attributes:
        failed: the last error of Kafka while it could not be asked; None once it answers again.
    """

    def __init__(
        self,
        offsets: Offsets,
        groups: Mapping[str, tuple[str, ...]],
        *,
        ledger: Ledger | None = None,
        on_lag: Lag | None = None,
        interval: float = 0.1,
    ) -> None:
        self.failed: Exception | None = None
        self._offsets = offsets
        self._groups = groups
        self._ledger = ledger
        self._on_lag = on_lag
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backlog-watch", daemon=True)

    def start(self) -> None:
        """Begin to look; the first look is done before this returns, where Kafka answers."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self._look()

    def _look(self) -> None:
        try:
            for group, topics in self._groups.items():
                ends = self._offsets.ends(topics)
                committed = self._offsets.committed(group, list(ends))
                for partition, end in ends.items():
                    self._tell(group, partition, committed[partition], end)
        except Exception as error:  # noqa: BLE001  Kafka away: the ledger stays as it is, and grows until it holds back
            self.failed = error
        else:
            self.failed = None

    def _tell(self, group: str, partition: TopicPartition, committed: int, end: int) -> None:
        if self._ledger is not None:
            self._ledger.observe(partition, committed, end)
        if self._on_lag is not None:
            self._on_lag(group, partition, max(0, end - committed))
