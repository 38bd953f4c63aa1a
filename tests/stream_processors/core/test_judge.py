"""The judge says what the slow model says, of every identifier and every link, whatever the order of the facts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END, Kind, Rules
from stream_processors.core.judge import judge
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


def assert_same(facts: list[Evidence], rules: Rules) -> None:
    found, model = judge(facts, rules), judge_slowly(facts, rules, TENANT)
    assert found.owners == model.owners
    assert {i: v.rule for i, v in found.verdicts.items() if v.rule} == model.refused
    assert {i for i, v in found.verdicts.items() if v.joined} == model.joined
    assert set(found.clusters) == set(model.clusters)
    assert found.contested == model.contested
    assert found.hubs == model.hubs
    assert {n: found.profile_of[n] for n in model.profile_of} == model.profile_of


@pytest.mark.parametrize("seed", range(300))
def test_random_worlds_are_judged_as_the_model_judges(seed: int) -> None:
    random = Random(seed)
    rules = narrow(random)
    facts = random_facts(random, size=random.randint(1, 40), commands=random.choice((0, 0.1, 0.4)))
    random.shuffle(facts)
    assert_same(facts, rules)


@pytest.mark.parametrize("seed", range(20))
def test_deep_clusters_are_judged_as_the_model_judges(seed: int) -> None:
    random = Random(seed)
    names = [f"loyalty_id:{n}" for n in range(64)]
    rules = Rules(kinds={"loyalty_id": Kind(10, 100)})
    assert_same(random_facts(random, size=100, commands=0, names=names), rules)


@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_small_worlds_are_judged_as_the_model_judges(random: Random, size: int) -> None:
    assert_same(random_facts(random, size=size, commands=0.3), NARROW)


@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_neither_order_nor_copies_matter(random: Random, size: int) -> None:
    facts = random_facts(random, size=size, commands=0.3)
    again = [*facts, *random.choices(facts, k=3)]
    random.shuffle(again)
    assert judge(again, NARROW).owners == judge(facts, NARROW).owners


def test_every_moment_has_one_owner() -> None:
    facts = [link("U1", "A1", 5), link("U2", "A1", 9), command("handover", 20, ["A1"])]
    rows = judge(facts, RULES).owners[name("A1")]
    assert [row.since for row in rows] == [BEGIN, 9, 20]
    assert [row.until for row in rows] == [9, 20, END]
    assert [row.state for row in rows] == ["linked", "contested", "own"]


def test_of_a_link_seen_twice_the_earliest_counts() -> None:
    facts = [link("U1", "A1", 9), link("U2", "A1", 5), link("U1", "A1", 1)]
    assert judge(facts, RULES).contested == judge(facts[1:], RULES).contested != {}
    assert judge(facts, RULES).owners[name("A1")][0].profile == judge(facts, RULES).owners[name("U1")][0].profile


def test_a_link_of_an_identifier_with_itself_says_nothing() -> None:
    facts = [link("U1", "U1", 3)]
    assert judge(facts, RULES).clusters == []
    assert_same(facts, RULES)


def test_nobody_is_judged_of_no_facts() -> None:
    assert judge([], RULES).owners == {}


def test_traits_and_rules_join_nothing() -> None:
    said = traits("U1", 3, {"plan": "gold"})
    assert judge([said], RULES).clusters == []
    assert set(judge([said], RULES).owners) == {name("U1")}


def test_a_retract_that_names_others_takes_nothing_back() -> None:
    one, other = link("U1", "E1", 3), link("U2", "E2", 3)
    stray = retract(one, 9)
    stray = Evidence(
        TENANT, stray.fact_id, "retract", stray.at, other.left, other.right, target=one.fact_id, target_fact="link"
    )
    assert len(judge([one, other, stray], RULES).clusters) == 2
    assert len(judge([one, other, retract(one, 9)], RULES).clusters) == 1
    assert_same([one, other, stray], RULES)


def test_retracts_that_take_each_other_back_in_a_circle_do_nothing() -> None:
    said = link("U1", "E1", 3)
    first = retract(said, 5)
    second = retract(first, 6)
    circle = Evidence(
        TENANT,
        first.fact_id,
        "retract",
        first.at,
        first.left,
        first.right,
        target=second.fact_id,
        target_fact="retract",
    )
    assert len(judge([said, circle, second], RULES).clusters) == 1


def test_two_sides_are_kept_apart_whoever_joins_them() -> None:
    facts = [link("U1", "E1", 1), link("E1", "P1", 2), link("P1", "E2", 3), keep_apart(["U1", "P2"], ["E2", "E3"], 9)]
    assert_same(facts, RULES)
    assert len(judge(facts, RULES).clusters) == 1
    assert [v.rule for v in judge(facts, RULES).verdicts.values() if v.rule] == ["keep_apart"]


def test_a_tie_makes_one_value_of_two_accounts() -> None:
    facts = [link("U1", "E1", 1), link("U2", "E2", 1), link("E1", "E2", 2)]
    assert len(judge(facts, RULES).clusters) == 2
    assert len(judge([*facts, tie("U1", "U2", 9)], RULES).clusters) == 1
    assert_same([*facts, tie("U1", "U2", 9)], RULES)
