"""What holds in a world is what the core holds for in force."""

from random import Random

import pytest
from msgspec.structs import replace

from schemas.evidence import Evidence
from schemas.identity import END
from stream_processors.core.judge import Node
from tests.stream_processors.core.identity_worlds import NARROW, TENANT, command, link, name, random_facts, retract, tie
from throughline.identity.world import World, alive


def world(facts: list[Evidence]) -> World:
    some = {fact.fact_id: fact for fact in facts}
    return World(TENANT, NARROW, some, frozenset(one for fact in some.values() for one in (*fact.left, *fact.right)))


@pytest.mark.parametrize("seed", range(100))
def test_what_lives_is_what_the_core_does_not_call_retracted(seed: int) -> None:
    random = Random(seed)
    here = world(random_facts(random, size=30, commands=0.5, names=["U1", "U2", "E1", "E2", "A1", "P1"]))
    for fact_id, verdict in here.judgement.verdicts.items():
        fact = here.facts[fact_id]
        if fact.left != fact.right:
            assert (fact_id not in here.living) == (verdict.rule == "retracted"), fact


def test_a_retract_that_does_not_name_all_takes_nothing_back() -> None:
    fact = tie("E1", "P1", 1)
    half = retract(command("block", 1, ["E1"]), 2)
    aimed = replace(half, target=fact.fact_id)
    assert set(alive({one.fact_id: one for one in (fact, aimed)})) == {fact.fact_id, aimed.fact_id}


def test_a_node_is_an_identifier_in_its_era() -> None:
    here = world([link("P1", "U1", 1), command("handover", 50, ["P1"])])
    assert here.node(name("P1"), 49) == Node(name("P1"))
    assert here.node(name("P1"), 50) == here.now(name("P1")) == Node(name("P1"), 50)
    assert [one.until for one in here.ranges(name("P1"))] == [50, END]


def test_of_whom_no_fact_speaks_is_his_own() -> None:
    [own] = world([]).ranges("email:nobody")
    assert (own.state, own.until) == ("own", END)
