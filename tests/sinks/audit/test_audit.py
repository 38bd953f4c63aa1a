"""The audit of a world that moves at every question: what it says is true, and nothing that is lost stays hidden."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.kafka.admin import TopicMissingError
from sinks.audit import look
from sinks.audit.accounts import Account
from sinks.audit.audit import MovedError, audit, audit_without_kafka
from sinks.audit.bounds import Mark
from sinks.audit.look import TopicPartition
from sinks.audit.spans import total
from sinks.ranges import Where
from tests.sinks.audit.world import FATES, KAFKA, OUTPUT, RAW, Partition, World

Positions = set[tuple[Where, int]]
randoms = st.integers(0, 1 << 32).map(Random)  # Hypothesis' own would take ten times as long


def patience(world: World, times: int) -> Callable[[], bool]:
    """Waits a few times, in which the world moves on."""
    left = iter(range(times))

    def pause() -> bool:
        world.move(20)
        return next(left, None) is not None

    return pause


def audited(world: World, times: int = 5, *, reads: bool = False) -> list[Account]:
    read = world.read if reads else None
    _, accounts = audit(world, KAFKA, world, pause=patience(world, times), now=0.0, read=read)
    for account in accounts:
        fates = account.stored + account.duplicate + account.rejected
        several = sum(
            len(world.fates[account.where][x]) - 1 for first, end in account.doubled for x in range(first, end)
        )
        assert account.accepted == fates - several + account.in_flight + total(account.missing)
        assert account.in_flight >= 0
    return accounts


def missing(accounts: Iterable[Account]) -> Positions:
    return {(account.where, x) for account in accounts for first, end in account.missing for x in range(first, end)}


def doubled(accounts: Iterable[Account]) -> Positions:
    return {(account.where, x) for account in accounts for first, end in account.doubled for x in range(first, end)}


@given(randoms, st.integers(0, 8), st.booleans())
def test_a_sound_system_never_gives_a_false_alarm(chance: Random, times: int, reads: bool) -> None:
    world = World(chance)
    for _ in range(3):
        world.move(60)
        assert all(account.is_clean for account in audited(world, times, reads=reads))
        world.forget()


@given(randoms, st.integers(1, 30), st.integers(0, 5))
def test_what_is_told_is_true_and_what_was_lost_before_is_told(chance: Random, faults: int, times: int) -> None:
    """Whether the sinks catch up or not: then what waits for them is read."""
    world = World(chance, faults=faults)
    world.move(80)
    waiting = {(where, x) for log in world.outputs.values() for where, x, _ in log.records[log.committed or 0 :]}
    passed = {(world.where(at), x) for at, log in world.raw.items() for x in range(log.committed or 0)}
    lost = (passed & world.without_fate()) - waiting
    accounts = audited(world, times, reads=True)
    told = missing(accounts)
    assert told <= world.lost & world.without_fate()
    assert lost & world.without_fate() <= told  # unless a replay has given it a fate meanwhile
    assert doubled(accounts) <= world.with_several()


@given(randoms, st.integers(0, 30))
def test_at_rest_the_account_is_exact(chance: Random, faults: int) -> None:
    world = World(chance, faults=faults)
    world.move(80)
    world.drain()
    accounts = audited(world)
    assert missing(accounts) == world.without_fate()
    assert doubled(accounts) == world.with_several()
    assert sum(account.in_flight for account in accounts) == 0
    for account in accounts:
        mine = world.fates.get(account.where, {}).values()
        counts = [sum(fate in fates for fates in mine) for fate in FATES]
        assert counts == [account.stored, account.duplicate, account.rejected]
    world.forget()
    marks = {account.where: Mark(account.bounds.first, account.bounds.end, 0, 0.0, 0) for account in accounts}
    world.keep(marks)
    assert missing(audited(world)) == missing(accounts)  # what retention deletes keeps its account
    assert missing(audit_without_kafka(world)) == missing(accounts)  # and what the embedded broker takes with it


@given(randoms)
@settings(max_examples=30)
def test_a_stopped_sink_is_no_loss_and_hides_none_that_was_settled(chance: Random) -> None:
    world = World(chance)
    world.move(60)
    world.drain()
    accounts = audited(world)
    world.keep({one.where: Mark(one.bounds.first, one.bounds.end, one.bounds.settled, 0.0, 0) for one in accounts})
    stored = [(where, x) for where, page in world.fates.items() for x in page]
    for at in world.raw:  # and now records come that no sink takes
        for x in range(world.raw[at].end, world.raw[at].end + 3):
            world.raw[at].records.append((world.where(at), 0, ""))
            world.send(world.where(at), x, "stored")
            world.raw[at].committed = x + 1
    assert all(account.is_clean for account in audited(world, 0))
    assert sum(account.in_flight for account in audited(world, 0)) == 6
    assert sum(account.in_flight for account in audited(world, 0, reads=True)) == 6
    if stored:
        where, x = chance.choice(stored)
        del world.fates[where][x]
        assert missing(audited(world, 0)) == {(where, x)}


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("reads", [False, True])
def test_a_row_that_is_refused_is_followed_to_where_it_goes(fate: str, reads: bool) -> None:
    world = Refusing(fate)
    assert not missing(audited(world, 0 if reads else 9, reads=reads))
    world.drain()
    assert [account.rejected for account in audited(world)] == [1, 0]


class Refusing(World):
    """One record; ClickHouse refuses its row while the audit asks for the sinks' commits or waits for them."""

    def __init__(self, fate: str) -> None:
        super().__init__(Random(1))
        self.is_quiet = True
        self.raw[RAW, 0] = Partition([(self.where((RAW, 0)), 0, "")], committed=1, done=1)
        self.output = OUTPUT[fate], 0
        self.outputs[self.output].records.append((self.where((RAW, 0)), 0, fate))

    def move(self, steps: int = 0) -> None:
        if steps:  # the audit waits
            self.refuse_or_insert()

    def committed(self, group: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if len({topic for topic, _ in partitions}) == len(FATES):  # the audit asks what waits
            self.refuse_or_insert()
        return super().committed(group, partitions)

    def refuse_or_insert(self) -> None:
        behind = [at for at, log in self.outputs.items() if log.done < log.end]
        for at in behind:
            self.insert_up_to(at, self.outputs[at].end)
        self.settle()


def test_without_waiting_for_the_sinks_there_would_be_false_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "_passed", lambda *_: True)
    assert any(missing(audited(moved(World(Random(seed))))) for seed in range(50))


def test_were_the_fates_read_before_the_commits_there_would_be_false_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    def early(world: World) -> World:
        pages = world.pages()
        monkeypatch.setattr(world, "pages", lambda: pages)
        return world

    assert any(missing(audited(early(moved(World(Random(seed)))))) for seed in range(50))


def moved(world: World) -> World:
    world.move(60)
    return world


class Recreated(World):
    """A world in which the topic is made anew during the first looks."""

    def __init__(self, times: int) -> None:
        super().__init__(Random(1))
        self.is_quiet = True
        self.left = times

    def pages(self) -> dict[Where, list[object]]:  # type: ignore[override]  # nothing has a fate here
        if self.left:
            self.left -= 1
            self.ids[RAW] = UUID(int=100 + self.left)
        return {}


def test_without_kafka_a_time_is_looked_up_in_the_marks() -> None:
    world = World(Random(1))
    world.is_quiet = True
    where, older = world.where((RAW, 0)), Where(RAW, UUID(int=9), 0)
    world.fates = {where: {x: {"stored"} for x in (0, 1, 5, 6)}, older: {0: {"stored"}}}
    world.keep({where: Mark(0, 8, 2, 60.0, 4), older: Mark(0, 3, 3, 30.0, 3)})
    accounts = audit_without_kafka(world)
    assert missing(accounts) == {(where, x) for x in (2, 3, 4, 7)} | {(older, x) for x in (1, 2)}
    since = audit_without_kafka(world, datetime(2026, 1, 1, tzinfo=UTC))
    assert missing(since) == {(where, 4), (where, 7)}
    assert [account.accepted for account in since] == [4, 0]


def test_a_topic_that_is_made_anew_meanwhile_is_looked_at_again() -> None:
    accounts = audited(Recreated(2))
    assert {account.where.topic_id for account in accounts} == {UUID(int=100)}
    with pytest.raises(MovedError):
        audited(Recreated(99))


def test_a_topic_that_is_gone_meanwhile_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Random(1))
    world.is_quiet = True
    ids, failures = world.topic_ids, iter([1, 1, 0, 1])

    def sometimes(topics: Iterable[str]) -> dict[str, UUID]:
        if next(failures, 0):
            raise TopicMissingError
        return ids(topics)

    monkeypatch.setattr(world, "topic_ids", sometimes)
    assert len(audited(world)) == 2
