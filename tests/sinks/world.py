"""A model of Kafka and of ClickHouse in which a sink may die between any two steps, or lose partitions to another."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sinks.company import Load, companies
from sinks.errors import LostError, TransientError
from sinks.gather import Gather, Limits
from sinks.lease import Lease
from sinks.ranges import Mark, Range, Where, decode_mark, start_of, together
from sinks.store import Refused, store

TOPIC = UUID(int=7)
PARTITIONS = range(3)
At = tuple[int, int]  # partition, offset


def where(partition: int) -> Where:
    return Where("timeline.events", TOPIC, partition)


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Partition:
    """One partition, as Kafka holds it: offset -> value, and what the group committed."""

    committed: int | None = None
    metadata: str = ""
    low: int = 0
    high: int = 0
    records: dict[int, bytes] = field(default_factory=dict)

    @property
    def mark(self) -> Mark | None:
        return decode_mark(self.metadata)


@dataclass
class World:
    """What survives a crash, and when the next one comes.

    Attributes:
        fuel: steps until the process dies; every call to the world has two, before and after it took effect.
        moves: steps until the partitions in `moving` go to another process.
        gone: those that went.
        tokens: what ClickHouse has seen.
        stored, rejected: how often each record came in.
        unfinished: an insert that a dying process had begun, and that may still arrive.
    """

    fuel: int = 10**9
    moves: int = 10**9
    moving: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    partitions: list[Partition] = field(default_factory=lambda: [Partition() for _ in PARTITIONS])
    tokens: set[str] = field(default_factory=set)
    stored: Counter[At] = field(default_factory=Counter)
    rejected: dict[At, int] = field(default_factory=dict)
    unfinished: Sequence[Range] | None = None
    outages: int = 0
    refusing: bool = True

    def step(self) -> None:
        self.fuel -= 1
        if self.fuel < 0:
            raise Crash
        self.moves -= 1
        if self.moves < 0:
            self.gone = self.moving

    def pend(self, ranges: Sequence[Range]) -> None:
        self._commit([(batch, batch.first, batch.mark) for batch in ranges])

    def finish(self, ranges: Sequence[Range]) -> None:
        self._commit([(batch, batch.last + 1, "") for batch in ranges])

    def _commit(self, steps: list[tuple[Range, int, str]]) -> None:
        self.step()
        self._check(batch for batch, _, _ in steps)
        for batch, position, mark in steps:
            partition = self.partitions[batch.where.partition]
            partition.committed, partition.metadata = position, mark
        self.step()

    def _check(self, ranges: Iterable[Range]) -> None:
        if any(batch.where.partition in self.gone for batch in ranges):
            raise LostError

    def whole(self, ranges: Sequence[Range]) -> Sequence[Range]:
        others = []
        for span in {*ranges[0].beside} - {batch.span for batch in ranges}:
            held = self.partitions[span.partition].records
            offsets = [offset for offset in sorted(held) if span.first <= offset <= span.last]
            values = [held[offset] for offset in offsets]
            others.append(Range(where(span.partition), span.first, span.last, array("q", offsets), values))
        return together([*ranges, *others])

    def reject(self, batch: Range, offset: int, value: bytes) -> None:
        self.step()
        at = batch.where.partition, offset
        assert value == self.partitions[at[0]].records[offset]
        self.rejected[at] = self.rejected.get(at, 0) + 1
        self.step()

    def pause(self, seconds: float) -> None:
        self.step()

    def insert(self, ranges: Sequence[Range]) -> Refused | None:
        self.unfinished = ranges
        self.step()
        if self.outages and self.outages % 2:
            self.outages -= 1
            raise TransientError
        refused = self.arrive(ranges)
        self.unfinished = None
        self.step()
        if self.outages:
            self.outages -= 1
            raise TransientError
        return refused

    def arrive(self, ranges: Sequence[Range]) -> Refused | None:
        """ClickHouse's side: data is judged first, then the token."""
        for row, value in enumerate(value for batch in ranges for value in batch.values):
            if self.refusing and value.startswith(b"bad"):
                return Refused("bad", row if value == b"bad, told" else None)
        if ranges[0].token not in self.tokens:
            self.tokens.add(ranges[0].token)
            self.stored.update((batch.where.partition, offset) for batch in ranges for offset in batch.offsets)
        return None


class Process:
    """One life of the sink, over some partitions."""

    def __init__(self, world: World, rows: int, owned: Iterable[int]) -> None:
        self.world = world
        self.limits = Limits(rows=rows, size=10**9, linger=0, interval=0)
        self.lost = ""
        self.leases: dict[int, Lease] = {}
        self.next: dict[int, int] = {}
        for number in owned:
            self.begin(number)

    def begin(self, number: int) -> None:
        """Take a partition up where Kafka says."""
        at = self.world.partitions[number]
        start = start_of(TOPIC, at.committed, at.metadata, at.low, at.high)
        self.lost += start.lost
        gather = Gather(where(number), start, lambda value: value != b"strange", self.limits)
        self.leases[number], self.next[number] = Lease(where(number), gather), start.read_from

    def run(self) -> None:
        """Read everything that there is, in deliveries of up to three records, and store it."""
        while self.leases:
            read = [self.read(number) for number in self.leases]
            loads = [
                load
                for company in companies(self.leases.values(), self.limits, pressed=False)
                for load in company.take(0.0, flush=True)
            ]
            for load in loads:
                self.write(load)
            if not loads and not any(read):
                return

    def read(self, number: int) -> bool:
        records = self.world.partitions[number].records
        offsets = [offset for offset in sorted(records) if offset >= self.next[number]][:3]
        if offsets:
            self.leases[number].gather.add(array("q", offsets), [records[offset] for offset in offsets], now=0.0)
            self.next[number] = offsets[-1] + 1
        return bool(offsets)

    def write(self, load: Load) -> None:
        """Store a load; where a partition of it has gone, go on with the others from what Kafka knows."""
        try:
            store(load[1], self.world, self.world)
        except LostError:
            for lease in load[0]:
                number = lease.where.partition
                del self.leases[number]
                if number not in self.world.gone:
                    self.begin(number)
