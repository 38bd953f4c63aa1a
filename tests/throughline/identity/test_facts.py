"""Evidence read from a real ClickHouse is what was written, and gathers to the same judgement."""

from random import Random

import msgspec
import orjson
import pytest

from schemas.evidence import Evidence, rules_id
from schemas.identity import Rules
from schemas.ids import profile_id
from stream_processors.core.judge import judge
from tests.sinks.conftest import Store
from tests.stream_processors.core.identity_worlds import (
    NARROW,
    RULES,
    TENANT,
    at,
    command,
    link,
    name,
    random_facts,
    retract,
    tie,
    traits,
)
from tests.throughline.identity.shelf import MemoryShelf
from tests.throughline.identity.stored import happen, keep
from throughline.identity.compare import Move
from throughline.identity.facts import Facts, pieces, rules_in_force, tenants
from throughline.identity.gather import gather
from throughline.identity.moved import interactions_moved

pytestmark = pytest.mark.chdb


def ruling(rules: Rules, t: int) -> Evidence:
    raw = orjson.dumps(rules.as_document(), option=orjson.OPT_SORT_KEYS)
    return Evidence("", rules_id(raw, t), "rules", at(t), rules=msgspec.Raw(raw))


def test_facts_come_back_as_they_were(store: Store) -> None:
    tied = tie("E1", "P1", 5)
    facts = [link("U1", "E1", 1), tied, retract(tied, 6), command("keep_apart", 7, ["E1", "E2"], ["P1"])]
    keep(store, [*facts, traits("U1", 3, {"a": 1})])
    shelf = Facts(store.client, TENANT)
    links = shelf.links([name("U1"), name("E1")], 10, [])
    assert (links.facts, links.full) == ([facts[0]], frozenset())
    assert sorted(shelf.commands([name("P1")]), key=lambda fact: fact.at) == facts[1:]
    assert shelf.by_id([tied.fact_id]) == [tied]
    assert sorted((fact for page in shelf.all() for fact in page), key=lambda fact: fact.at) == facts
    assert shelf.stored([tied.fact_id, link("U9", "E9", 1).fact_id]) == {tied.fact_id}
    assert Facts(store.client, "other").by_id([tied.fact_id]) == []
    assert tenants(store.client) == [TENANT]


def test_of_a_link_seen_twice_the_earliest_comes_back(store: Store) -> None:
    keep(store, [link("U1", "E1", 9)])
    keep(store, [link("U1", "E1", 2)])
    assert Facts(store.client, TENANT).links([name("U1")], 10, []).facts == [link("U1", "E1", 2)]


def test_the_earliest_of_each_side_are_read_and_where_more_may_be(store: Store) -> None:
    keep(store, [link("P1", f"E{n}", n) for n in range(1, 6)] + [link("P1", f"A{n}", n) for n in range(1, 3)])
    found = Facts(store.client, TENANT).links([name("P1")], 3, ["anonymous_id"])
    assert sorted(fact.right[0] for fact in found.facts) == [
        *(name(f"A{n}") for n in (1, 2)), *(name(f"E{n}") for n in (1, 2, 3))
    ]  # fmt: skip
    assert found.full == {(name("P1"), False)}


def test_facts_of_a_command_come_together(store: Store) -> None:
    some = [msgspec.structs.replace(tie("E1", f"P{n}", n), command_id=profile_id("c", "x")) for n in (1, 2)]
    keep(store, some)
    assert sorted(Facts(store.client, TENANT).by_id([profile_id("c", "x")]), key=lambda fact: fact.at) == some


@pytest.mark.parametrize("seed", range(2))
def test_what_is_gathered_is_what_memory_gives(store: Store, seed: int) -> None:
    random = Random(seed)
    names = [f"{kind}{n}" for kind in "UEPADS" for n in range(1, 9)]
    facts = random_facts(random, size=60, commands=0.1, names=names)
    keep(store, facts)
    for start in random.sample(sorted(judge(facts, NARROW).owners), 4):
        stored = gather(Facts(store.client, TENANT), TENANT, [start], NARROW)
        memory = gather(MemoryShelf(facts), TENANT, [start], NARROW)
        assert {one: stored.ranges(one) for one in stored.inside} == {one: memory.ranges(one) for one in memory.inside}


def test_the_latest_rules_are_in_force(store: Store) -> None:
    assert rules_in_force(store.client) == (Rules(), 0)
    keep(store, [ruling(NARROW, 50), ruling(RULES, 20)])
    assert rules_in_force(store.client) == (NARROW, 50)


def test_what_is_known(store: Store) -> None:
    keep(store, [link("U1", "E1", 1)])
    happen(store, name("P1"), [at(5)])
    shelf = Facts(store.client, TENANT)
    assert shelf.known([name(short) for short in ("U1", "E1", "P1", "S1")]) == {name("U1"), name("E1"), name("P1")}
    assert shelf.ever_of(profile_id(TENANT, name("P1"))) == [name("P1")]
    assert shelf.ever_of(profile_id(TENANT, name("S1"))) == []


def test_interactions_behind_links_are_found(store: Store) -> None:
    fact = link("U1", "E1", 1)
    happen(store, name("U1"), [at(1)], event_id=str(fact.event_id), name="Signed In")
    found = Facts(store.client, TENANT).interactions([fact, tie("E1", "P1", 2)])
    assert found == {fact.event_id: {"channel": "web", "type": "action", "name": "Signed In"}}


def test_moved_interactions_are_counted_by_subject_and_time(store: Store) -> None:
    happen(store, name("U1"), [at(t) for t in (1, 5, 9)])
    happen(store, name("E1"), [at(t) for t in (1, 5)])
    one, other = profile_id("", "1"), profile_id("", "2")
    moves = [
        Move(name("U1"), 5, 9, one, other), Move(name("U1"), 9, 99, one, other), Move(name("E1"), 0, 99, one, other),
        Move(name("S1"), 0, 99, one, other),
    ]  # fmt: skip
    assert interactions_moved(store.client, TENANT, moves) == [1, 1, 2, 0]
    assert interactions_moved(store.client, "other", moves) == [0, 0, 0, 0]
    many = [Move(name("U1"), t, t + 1, one, other) for t in range(1200)]
    assert sum(interactions_moved(store.client, TENANT, many)) == 3


def test_questions_are_cut_to_what_an_address_holds() -> None:
    names = [f"email:{n:05}@example.com" for n in range(2000)]
    found = list(pieces(names))
    assert [one for piece in found for one in piece] == names
    assert max(len("".join(piece)) for piece in found) < 16_000 < len("".join(names))
