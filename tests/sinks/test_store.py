"""The story of a range, crashed between any two steps, against a model of Kafka and of ClickHouse."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sinks.errors import TransientError
from sinks.gather import Gather, Limits
from sinks.ranges import Range, Where, decode_mark, start_of
from sinks.store import Refused, store

WHERE = Where("timeline.events", UUID(int=7), 3)


class Crash(BaseException):
    """The process dies here."""


@dataclass
class World:
    """What survives a crash, and when the next one comes.

    Attributes:
        fuel: steps until the process dies; every call to the world has two, before and after it took effect.
        records: offset -> value, as Kafka holds them.
        tokens: what ClickHouse has seen.
        stored, rejected: how often each offset came in.
        unfinished: an insert that a dying process had begun, and that may still arrive.
    """

    fuel: int = 10**9
    committed: int | None = None
    metadata: str = ""
    low: int = 0
    high: int = 0
    records: dict[int, bytes] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    stored: Counter[int] = field(default_factory=Counter)
    rejected: dict[int, int] = field(default_factory=dict)
    unfinished: Range | None = None
    outages: int = 0
    refusing: bool = True

    def step(self) -> None:
        self.fuel -= 1
        if self.fuel < 0:
            raise Crash

    def commit(self, position: int, mark: str) -> None:
        self.step()
        self.committed, self.metadata = position, mark
        self.step()

    def reject(self, offset: int, value: bytes, detail: str) -> None:
        self.step()
        assert value == self.records[offset]
        self.rejected[offset] = self.rejected.get(offset, 0) + 1
        self.step()

    def pause(self, seconds: float) -> None:
        self.step()

    def insert(self, batch: Range) -> Refused | None:
        self.unfinished = batch
        self.step()
        if self.outages and self.outages % 2:
            self.outages -= 1
            raise TransientError
        refused = self.arrive(batch)
        self.unfinished = None
        self.step()
        if self.outages:
            self.outages -= 1
            raise TransientError
        return refused

    def arrive(self, batch: Range) -> Refused | None:
        """ClickHouse's side: data is judged first, then the token."""
        for row, value in enumerate(batch.values):
            if self.refusing and value.startswith(b"bad"):
                return Refused("bad", row if value == b"bad, told" else None)
        if batch.token not in self.tokens:
            self.tokens.add(batch.token)
            self.stored.update(batch.offsets)
        return None


class Process:
    """One life of the sink, over one partition."""

    def __init__(self, world: World, rows: int) -> None:
        self.world = world
        start = start_of(WHERE.topic_id, world.committed, world.metadata, world.low, world.high)
        self.lost = start.lost
        limits = Limits(rows=rows, size=10**9, linger=0, interval=0)
        self.gather = Gather(WHERE, start, lambda value: value != b"strange", limits)
        self.next = start.read_from

    def run(self) -> None:
        """Read everything that there is, in deliveries of up to three records, and store it."""
        while True:
            offsets = [o for o in sorted(self.world.records) if o >= self.next][:3]
            if offsets:
                self.gather.add(array("q", offsets), [self.world.records[o] for o in offsets], now=0.0)
                self.next = offsets[-1] + 1
            batch = self.gather.take(0.0, flush=True)
            if batch is None and not offsets:
                return
            if batch is not None:
                store(batch, self.world, self.world)


class ExactlyOnce(RuleBasedStateMachine):
    """Whatever happens, every record is stored or rejected, once."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.zombies: list[Range] = []

    @rule(
        values=st.lists(st.sampled_from([b"row", b"bad", b"bad, told", b"strange"]), max_size=8),
        gap=st.integers(0, 3),
    )
    def produce(self, values: list[bytes], gap: int) -> None:
        self.world.high += gap if values else 0
        for value in values:
            self.world.records[self.world.high] = value
            self.world.high += 1

    @rule(fuel=st.integers(0, 12), rows=st.integers(1, 5), outages=st.integers(0, 3))
    def live_and_die(self, fuel: int, rows: int, outages: int) -> None:
        self.world.fuel, self.world.outages = fuel, outages
        try:
            Process(self.world, rows).run()
        except Crash:
            if self.world.unfinished is not None:
                self.zombies.append(self.world.unfinished)
        self.world.unfinished, self.world.outages, self.world.fuel = None, 0, 10**9

    @precondition(lambda self: self.zombies)
    @rule()
    def zombie_insert_arrives(self) -> None:
        self.world.arrive(self.zombies.pop(0))

    @precondition(lambda self: self.world.refusing)
    @rule()
    def clickhouse_is_upgraded_and_takes_what_it_refused(self) -> None:
        self.world.refusing = False
        self.zombies.clear()  # no request outlives a restart of the server

    @invariant()
    def nothing_twice(self) -> None:
        assert not [offset for offset, times in self.world.stored.items() if times > 1]
        assert not self.world.stored.keys() & self.world.rejected.keys()

    def teardown(self) -> None:
        Process(self.world, 4).run()
        self.nothing_twice()
        assert self.world.stored.keys() | self.world.rejected.keys() == self.world.records.keys()
        assert decode_mark(self.world.metadata) is None
        for offset in self.world.rejected:
            assert self.world.records[offset] != b"row"


ExactlyOnce.TestCase.settings = settings(max_examples=300, stateful_step_count=20, deadline=None)
TestExactlyOnce = ExactlyOnce.TestCase


def test_a_range_is_pended_inserted_and_committed_in_this_order() -> None:
    told: list[tuple[object, ...]] = []

    class Told(World):
        def commit(self, position: int, mark: str) -> None:
            told.append(("commit", position, mark))

        def insert(self, batch: Range) -> Refused | None:
            told.append(("insert", batch.token, batch.body()))
            return None

    world = Told()
    store(Range(WHERE, 5, 9, array("q", [5, 9]), [b"{}", b"[]"]), world, world)
    assert told == [
        ("commit", 5, f"pending=9 topic={WHERE.topic_id} layout=1"),
        ("insert", f"{WHERE.topic_id}:3:5-9:1", b"{}\n[]\n"),
        ("commit", 10, ""),
    ]


def test_an_unknown_result_is_tried_again_under_the_same_token_with_growing_pauses() -> None:
    pauses: list[float] = []
    tokens: list[str] = []

    class Away(World):
        def pause(self, seconds: float) -> None:
            pauses.append(seconds)

        def insert(self, batch: Range) -> Refused | None:
            tokens.append(batch.token)
            if len(tokens) < 10:
                raise TransientError
            return None

    world = Away()
    store(Range(WHERE, 0, 0, array("q", [0]), [b"{}"]), world, world)
    assert len(set(tokens)) == 1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 10.0


def test_what_was_deleted_before_it_was_known_to_be_stored_is_told() -> None:
    world = World(committed=3, metadata=f"pending=6 topic={WHERE.topic_id} layout=1", low=5, high=8)
    world.records = {5: b"row", 6: b"row", 7: b"row"}
    process = Process(world, 10)
    assert "3 to 4" in process.lost
    process.run()
    assert world.stored == Counter([5, 6, 7])
    assert f"{WHERE.topic_id}:3:3-6:1" in world.tokens
