"""The story of ranges, crashed between any two steps, against a model of Kafka and of ClickHouse."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sinks.company import Load, companies
from sinks.errors import LostError, TransientError
from sinks.gather import Gather, Limits
from sinks.lease import Lease
from sinks.ranges import Mark, Range, Where, body, decode_mark, start_of, together
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


class ExactlyOnce(RuleBasedStateMachine):
    """Whatever happens, every record is stored or rejected, once."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.zombies: list[Sequence[Range]] = []

    @rule(
        number=st.sampled_from(PARTITIONS),
        values=st.lists(st.sampled_from([b"row", b"row", b"bad", b"bad, told", b"strange"]), max_size=8),
        gap=st.integers(0, 3),
    )
    def produce(self, number: int, values: list[bytes], gap: int) -> None:
        partition = self.world.partitions[number]
        partition.high += gap if values else 0
        for value in values:
            partition.records[partition.high] = value
            partition.high += 1

    @rule(
        owned=st.sets(st.sampled_from(PARTITIONS), min_size=1),
        fuel=st.integers(0, 16),
        moving=st.sets(st.sampled_from(PARTITIONS)),
        moves=st.integers(0, 16),
        rows=st.integers(1, 7),
        outages=st.integers(0, 3),
    )
    def live_and_die(
        self, *, owned: set[int], fuel: int, moving: set[int], moves: int, rows: int, outages: int
    ) -> None:
        self.world.fuel, self.world.outages = fuel, outages
        self.world.moves, self.world.moving = moves, frozenset(moving)
        try:
            Process(self.world, rows, owned).run()
        except Crash:
            if self.world.unfinished is not None:
                self.zombies.append(self.world.unfinished)
        self.revive()

    def revive(self) -> None:
        self.world.unfinished, self.world.outages, self.world.fuel = None, 0, 10**9
        self.world.moves, self.world.gone = 10**9, frozenset()

    @precondition(lambda self: self.zombies)
    @rule()
    def zombie_insert_arrives(self) -> None:
        self.world.arrive(self.zombies.pop(0))

    @precondition(lambda self: self.world.refusing and not any(p.mark and p.mark.beside for p in self.world.partitions))
    @rule()
    def clickhouse_is_upgraded_and_takes_what_it_refused(self) -> None:
        self.world.refusing = False
        self.zombies.clear()  # no request outlives a restart of the server

    @invariant()
    def nothing_twice(self) -> None:
        assert not [at for at, times in self.world.stored.items() if times > 1]
        assert not self.world.stored.keys() & self.world.rejected.keys()

    def teardown(self) -> None:
        Process(self.world, 4, PARTITIONS).run()
        self.nothing_twice()
        records = {(number, at): p.records[at] for number, p in enumerate(self.world.partitions) for at in p.records}
        assert self.world.stored.keys() | self.world.rejected.keys() == records.keys()
        assert not any(partition.mark for partition in self.world.partitions)
        assert not [at for at in self.world.rejected if records[at] == b"row"]


ExactlyOnce.TestCase.settings = settings(max_examples=300, stateful_step_count=20, deadline=None)
TestExactlyOnce = ExactlyOnce.TestCase


class Told(World):
    """A world that writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[object, ...]] = []

    def pend(self, ranges: Sequence[Range]) -> None:
        self.told.append(("pend", *((batch.first, batch.mark) for batch in ranges)))

    def finish(self, ranges: Sequence[Range]) -> None:
        self.told.append(("finish", *(batch.last + 1 for batch in ranges)))

    def insert(self, ranges: Sequence[Range]) -> Refused | None:
        self.told.append(("insert", ranges[0].token, body(ranges)))
        return Refused("bad") if self.refusing and ranges[0].beside else None


ONE = Range(where(2), 5, 9, array("q", [5, 9]), [b"{}", b"[]"])
OTHER = Range(where(0), 3, 3, array("q", [3]), [b"0"])


def test_a_range_is_pended_inserted_and_committed_in_this_order() -> None:
    world = Told()
    store([ONE], world, world)
    assert world.told == [
        ("pend", (5, f"pending=9 topic={TOPIC} layout=1")),
        ("insert", f"{TOPIC}:2:5-9:1", b"{}\n[]\n"),
        ("finish", 10),
    ]


def test_ranges_go_together_under_one_token_and_alone_where_that_is_refused() -> None:
    world = Told()
    store(together([ONE, OTHER]), world, world)
    plain = [f"pending={last} topic={TOPIC} layout=1" for last in (3, 9)]
    assert world.told == [
        ("pend", (3, f"{plain[0]} beside=2:5-9"), (5, f"{plain[1]} beside=0:3-3")),
        ("insert", f"{TOPIC}:0:3-3,2:5-9:1", b"0\n{}\n[]\n"),
        ("pend", (3, plain[0]), (5, plain[1])),
        ("pend", (3, plain[0])),
        ("insert", f"{TOPIC}:0:3-3:1", b"0\n"),
        ("finish", 4),
        ("pend", (5, plain[1])),
        ("insert", f"{TOPIC}:2:5-9:1", b"{}\n[]\n"),
        ("finish", 10),
    ]


def test_one_of_them_found_pending_sends_all_of_them_again() -> None:
    world = Told()
    world.refusing = False
    world.partitions[2].records = {5: b"{}", 9: b"[]", 11: b"later"}
    [other, _] = together([ONE, OTHER])
    store([other], world, world)
    assert world.told[1:] == [("insert", f"{TOPIC}:0:3-3,2:5-9:1", b"0\n{}\n[]\n"), ("finish", 4)]


def test_an_unknown_result_is_tried_again_under_the_same_token_with_growing_pauses() -> None:
    pauses: list[float] = []
    tokens: list[str] = []

    class Away(World):
        def pause(self, seconds: float) -> None:
            pauses.append(seconds)

        def insert(self, ranges: Sequence[Range]) -> Refused | None:
            tokens.append(ranges[0].token)
            if len(tokens) < 10:
                raise TransientError
            return None

    world = Away()
    store([Range(where(0), 0, 0, array("q", [0]), [b"{}"])], world, world)
    assert len(set(tokens)) == 1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 10.0


def test_what_was_deleted_before_it_was_known_to_be_stored_is_told() -> None:
    world = World()
    partition = world.partitions[1]
    partition.committed, partition.metadata = 3, f"pending=6 topic={TOPIC} layout=1"
    partition.low, partition.high, partition.records = 5, 8, {5: b"row", 6: b"row", 7: b"row"}
    process = Process(world, 10, [1])
    assert "3 to 4" in process.lost
    process.run()
    assert world.stored == Counter([(1, 5), (1, 6), (1, 7)])
    assert f"{TOPIC}:1:3-6:1" in world.tokens
