"""The story of ranges, crashed between any two steps, against a model of Kafka and of ClickHouse."""

from array import array
from collections import Counter
from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sinks.errors import TransientError
from sinks.ranges import Range, body, together
from sinks.store import Refused, store
from tests.sinks.world import PARTITIONS, TOPIC, Crash, Process, World, where


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
