"""What the resolver says, run by run, is what the slow model says of all facts together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.core.desk import Desk
from stream_processors.core.judge import Verdict, judge
from stream_processors.core.recall import everything, facts_of
from stream_processors.core.resolve import resolve
from tests.stream_processors.core.identity_memory import DictMemory, Resolver, assert_as_model, document
from tests.stream_processors.core.identity_model import judge_slowly
from tests.stream_processors.core.identity_worlds import (
    NARROW,
    RULES,
    TENANT,
    command,
    keep_apart,
    link,
    name,
    narrow,
    random_facts,
    retract,
    tie,
    traits,
)


def runs_of(random: Random, facts: Sequence[Evidence]) -> Iterator[Sequence[Evidence]]:
    start = 0
    while start < len(facts):
        size = random.choice((1, 1, 2, 3, 5, 10, 50))
        yield facts[start : start + size]
        start += size


def world(random: Random, size: int = 60) -> tuple[Rules, list[Evidence]]:
    facts = random_facts(random, size=random.randint(1, size), commands=random.choice((0, 0.1, 0.4)))
    random.shuffle(facts)
    return narrow(random), facts + random.choices(facts, k=3)


def fed(rules: Rules, runs: Iterator[Sequence[Evidence]] | list[list[Evidence]]) -> Resolver:
    resolver = Resolver(rules)
    for run in runs:
        resolver.take(run)
    return resolver


@pytest.mark.parametrize("seed", range(100))
def test_random_worlds_run_by_run(seed: int) -> None:
    random = Random(seed)
    rules, facts = world(random)
    resolver, seen = Resolver(rules), list[Evidence]()
    for run in runs_of(random, facts):
        resolver.take(run)
        seen += run
        assert_as_model(resolver, seen)


@pytest.mark.parametrize("seed", range(40))
def test_stars_with_many_neighbours(seed: int) -> None:
    random = Random(seed)
    names = [f"{kind}{n}" for kind in "UEPADS" for n in range(12)]
    facts = random_facts(random, size=150, commands=random.choice((0, 0.05)), names=names)
    random.shuffle(facts)
    resolver = fed(narrow(random), runs_of(random, facts))
    assert_as_model(resolver, facts)


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_neither_order_nor_runs_nor_copies_matter(random: Random, size: int) -> None:
    facts = random_facts(random, size=size, commands=0.3)
    again = [*facts, *random.choices(facts, k=3)]
    random.shuffle(again)
    names = {identifier for fact in facts for identifier in (*fact.left, *fact.right)}
    one, other = fed(NARROW, runs_of(random, facts)), fed(NARROW, runs_of(random, again))
    assert one.owners(names) == other.owners(names)
    assert_as_model(one, facts)


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_run_that_is_replayed_before_it_was_written_gives_the_same_bytes(random: Random, size: int) -> None:
    facts = [*random_facts(random, size=size, commands=0.3), traits("E1", 2, {"plan": "gold"})]
    memory = DictMemory()
    for version, run in enumerate(runs_of(random, facts)):
        done = resolve(run, memory, NARROW, version=version, at=version)
        assert resolve(run, memory, NARROW, version=version, at=version) == done
        quiet = resolve(run, memory, NARROW, version=version, at=version, quiet=True)
        assert quiet.writes == done.writes
        assert (quiet.map, quiet.changes, quiet.profiles) == ([], [], [])
        memory.write(done.writes)
        again = resolve(run, memory, NARROW, version=version, at=version)
        assert (again.map, again.links["accepted"], again.links["refused"]) == ([], 0, 0)


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 15))
def test_everything_that_the_memory_knows_is_told_again(random: Random, size: int) -> None:
    facts = random_facts(random, size=size, commands=0.3)
    facts += [traits(random.choice("UEPA") + "1", t, {"plan": t, "name": "Ann"}, t) for t in range(3)]
    random.shuffle(facts)
    resolver = fed(NARROW, runs_of(random, facts))
    told = Resolver(NARROW)
    told.version = resolver.version
    for piece in everything(resolver.memory, NARROW, version=resolver.version, at=9):
        assert (piece.writes, piece.changes) == ({}, [])
        told.fold(piece)
    names = {identifier for fact in facts for identifier in (*fact.left, *fact.right)}
    assert told.owners(names) == resolver.owners(names)
    assert {i for i, rows in told.map.items() if rows} == {i for i, rows in resolver.map.items() if rows}
    for profile, record in told.profiles.items():
        assert record | {"version": 0} == resolver.profiles[profile] | {"version": 0}
    needed = {i for i, record in resolver.profiles.items() if len(record["identifiers"]) > 1 or record["traits"]}
    assert needed <= told.profiles.keys()


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 15))
def test_other_rules_are_given_all_facts(random: Random, size: int) -> None:
    facts = random_facts(random, size=size, commands=0.3)
    kept = list(facts_of(fed(NARROW, runs_of(random, facts)).memory))
    assert judge(kept, RULES).owners.items() <= judge(facts, RULES).owners.items()
    assert verdicts(kept) == verdicts(facts)
    anew = fed(RULES, runs_of(random, kept))
    model = judge_slowly(facts, RULES, TENANT)
    assert anew.owners(model.owners) == {identifier: document(rows) for identifier, rows in model.owners.items()}


def verdicts(facts: list[Evidence]) -> dict[UUID, Verdict]:
    """Of all links but those of identifiers with themselves."""
    themselves = {fact.fact_id for fact in facts if fact.left == fact.right}
    return {i: verdict for i, verdict in judge(facts, RULES).verdicts.items() if i not in themselves}


def test_traits_are_given_to_other_rules_with_their_interactions() -> None:
    said = [traits("E1", 5, {"plan": "gold", "name": "Ann"}), traits("E1", 9, {"plan": "free"})]
    kept = {fact.fact_id: fact for fact in facts_of(fed(RULES, [said]).memory)}
    assert kept.keys() == {fact.fact_id for fact in said}
    assert orjson.loads(bytes(kept[said[0].fact_id].traits)) == {"name": "Ann"}
    assert orjson.loads(bytes(kept[said[1].fact_id].traits)) == {"plan": "free"}
    for fact in said:
        assert (kept[fact.fact_id].source, kept[fact.fact_id].event_id) == ("web", fact.event_id)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_taken_back_leaves_no_trace(seed: int) -> None:
    """Merge and then split, however: owners are as if it had not been."""
    random = Random(seed)
    rules, facts = world(random, 25)
    resolver = fed(rules, runs_of(random, facts))
    names = {identifier for fact in facts for identifier in (*fact.left, *fact.right)}
    before = resolver.owners(names)
    one, other = random.sample(sorted(names), 2)
    extra = random.choice((tie(one, other, 3), link(one, other, 3), keep_apart([one], [other], 3)))
    if extra.fact_id not in {fact.fact_id for fact in facts} | {fact.target for fact in facts}:
        resolver.take([extra])
        resolver.take([retract(extra, 5)])
        assert resolver.owners(names) == before


@pytest.mark.parametrize("seed", range(60))
def test_a_later_device_takes_no_strong_customer_apart(seed: int) -> None:
    random = Random(seed)
    facts = random_facts(random, size=20, commands=0)
    strong = [
        fact for fact in facts if not any(i.startswith(("device", "anonymous")) for i in (*fact.left, *fact.right))
    ]
    resolver = fed(RULES, runs_of(random, facts))
    names = sorted({identifier for fact in strong for identifier in (*fact.left, *fact.right)})
    before: dict[str, list[str]] = {}
    for identifier, row in resolver.owners(names).items():
        before.setdefault(row[-1]["profile"], []).append(identifier)
    resolver.take(
        [link("A9", identifier, 100 + n) for n, identifier in enumerate(random.sample(names, min(3, len(names))))]
    )
    now = resolver.owners(names)
    for together in before.values():
        assert len({now[identifier][-1]["profile"] for identifier in together}) == 1


def test_a_new_neighbour_of_a_hub_costs_the_same_however_many_it_has() -> None:
    resolver = fed(
        RULES, [[link("P1", f"U{n}", n) for n in range(start, start + 500)] for start in range(0, 3000, 500)]
    )
    reads: list[bytes] = []

    class Counting(DictMemory):
        def get(self, keys: list[bytes]) -> list[bytes | None]:
            reads.extend(keys)
            return super().get(keys)

        def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
            for pair in super().scan(start, stop):
                reads.append(pair[0])
                yield pair

    counting = Counting()
    counting.keys = resolver.memory.keys
    done = resolve([link("P1", "U9999", 9999)], counting, RULES, version=10**6, at=0)
    assert done.refused == Counter(hub=1)
    assert len(reads) < 20
    assert all(len(value or b"") < 3000 for value in done.writes.values())


def test_tenants_know_nothing_of_each_other() -> None:
    one = link("U1", "E1", 1)
    other = Evidence("other", one.fact_id, "link", one.at, (name("U2"),), (name("E1"),))
    done = resolve([one, other], DictMemory(), RULES, version=1, at=1)
    assert sorted(orjson.loads(value)["tenant"] for _, value in done.map) == ["default", "default", "other", "other"]
    assert done.profiles_delta == 2
    assert done.links == Counter(accepted=2)


def test_rules_are_a_change_and_nothing_else() -> None:
    rules = command("rules", 5, [])
    done = resolve([rules], DictMemory(), RULES, version=1, at=1)
    assert [orjson.loads(value)["what"] for _, value in done.changes] == ["rules"]
    assert (done.map, done.profiles, done.writes) == ([], [], {})


def take_nothing(desk: Desk, links: Sequence[Evidence], *_: object, **__: object) -> list[Evidence]:
    """In place of the short way of the plain case."""
    desk.bring(identifier for fact in links for identifier in (*fact.left, *fact.right))
    return list(links)


@pytest.mark.parametrize("seed", range(100))
def test_the_plain_case_is_to_the_byte_what_it_would_be_the_long_way(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    names = [f"{kind}{n}" for kind in "UEPADS" for n in range(random.choice((2, 8)))]
    facts = random_facts(random, size=40, commands=random.choice((0, 0, 0.05)), names=names)
    rules = random.choice((RULES, narrow(random)))
    short, long = DictMemory(), DictMemory()
    for version, run in enumerate(runs_of(random, facts)):
        one = resolve(run, short, rules, version=version, at=0)
        with monkeypatch.context() as patch:
            patch.setattr("stream_processors.core.resolve.take_plain", take_nothing)
            other = resolve(run, long, rules, version=version, at=0)
        for topic in ("map", "changes", "profiles"):
            assert sorted(getattr(one, topic)) == sorted(getattr(other, topic))
        assert (one.links, one.refused, one.merges) == (other.links, other.refused, other.merges)
        assert one.profiles_delta == other.profiles_delta
        short.write(one.writes)
        long.write(other.writes)
