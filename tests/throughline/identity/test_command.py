"""Operators' commands: what they say, and what stands against them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.evidence import Evidence, decode
from schemas.identity import Rules
from tests.stream_processors.core.identity_worlds import RULES, command, keep_apart, link, name, retract, tie
from tests.throughline.identity.giving import NOW, given, outlook, owners, together
from throughline.failures import Failed
from throughline.identity import command as commands
from throughline.identity.retract import retract as take_back

U1, U2, E1, E2, P1, A1 = map(name, ("U1", "U2", "E1", "E2", "P1", "A1"))


def tied(facts: list[Evidence], one: str, other: str, *, force: bool = False, rules: Rules = RULES) -> list[Evidence]:
    proposal = commands.tie(
        given("tie", name(one), name(other)), outlook(facts, [one, other], rules), name(one), name(other), force=force
    )
    return [*facts, *proposal.facts]


def test_a_fact_says_who_when_and_why_and_is_evidence() -> None:
    said = given("tie", E1, P1)
    [fact] = commands.tie(said, outlook([], ["E1", "P1"]), E1, P1, force=False).facts
    assert (fact.fact, fact.author, fact.reason, fact.command) == ("tie", "grace", "she phoned", "tie")
    assert fact.at == datetime.fromtimestamp(NOW / 1000, UTC)
    assert fact.command_id == given("tie", E1, P1).command_id != given("tie", P1, E1).command_id
    assert decode(fact.encode()) == replace_sides(fact)


def replace_sides(fact: Evidence) -> Evidence:
    """As it is read back: sides are lists, what is empty is left out."""
    found = decode(fact.encode())
    assert isinstance(found, Evidence)
    assert (tuple(found.left), tuple(found.right), found.fact_id) == (fact.left, fact.right, fact.fact_id)
    return found


def test_a_tie_joins() -> None:
    facts = tied([link("U1", "E1", 1), link("U1", "P1", 1)], "P1", "E2")
    assert together(facts, "U1", "E1", "E2", "P1")


def test_a_tie_of_two_accounts_needs_force() -> None:
    facts = [link("U1", "E1", 1), link("U2", "E2", 1)]
    with pytest.raises(Failed, match=r"unique:user_id: user_id:1 and user_id:2 are two customers.*--force"):
        tied(facts, "U1", "U2")
    assert together(tied(facts, "U1", "U2", force=True), "E1", "E2")


def test_a_tie_that_tears_an_account_names_the_rule_and_the_link() -> None:
    facts = [link("U1", "E1", 1), link("U2", "E2", 2)]
    with pytest.raises(Failed, match=r"unique:user_id: each side(.|\n)*link of user_id:2 and email:2(.|\n)*--force"):
        tied(facts, "E1", "E2")
    assert together(tied(facts, "E1", "E2", force=True), "U1", "E1", "E2")


def test_a_tie_against_keep_apart_names_it_and_what_to_retract() -> None:
    apart = command("keep_apart", 5, ["E1"], ["P1"])
    facts = [link("U1", "E1", 1), link("U1", "P1", 1), apart]
    with pytest.raises(
        Failed, match=r"keep_apart refuses this tie(.|\n)*keep_apart of email:1 and phone:1(.|\n)*retract"
    ):
        tied(facts, "E1", "P1", force=True)


def test_a_tie_of_what_is_blocked_names_the_block() -> None:
    facts = [link("U1", "E1", 1), command("block", 5, ["E1"])]
    with pytest.raises(Failed, match=r"blocked refuses this tie(.|\n)*block of email:1"):
        tied(facts, "E1", "P1")


def test_a_tie_beyond_a_limit_names_the_ties_before() -> None:
    rules = replace(RULES, kinds={**RULES.kinds, "email": replace(RULES.kinds["email"], limit=2)})
    with pytest.raises(Failed, match=r"limit:email refuses this tie(.|\n)*tie of email:1 and email:2"):
        tied([tie("E1", "E2", 1)], "E2", "E3", rules=rules)


def test_a_tie_beyond_the_cap_says_so() -> None:
    with pytest.raises(Failed, match=r"cap refuses this tie(.|\n)*tie of email:1 and phone:1"):
        tied([tie("E1", "P1", 1)], "P1", "U1", rules=replace(RULES, cap=2))


@pytest.mark.parametrize("force", [False, True])
def test_the_same_tie_twice_is_in_force_already(force: bool) -> None:
    with pytest.raises(Failed, match=r"in force already: tie of phone:1 and email:1"):
        tied([tie("P1", "E1", 1)], "E1", "P1", force=force)


def test_a_tie_that_was_taken_back_can_be_said_again() -> None:
    first = tie("P1", "E1", 1)
    assert together(tied([first, retract(first, 2)], "E1", "P1"), "E1", "P1")


def test_one_identifier_is_not_two() -> None:
    with pytest.raises(Failed, match="email:1 twice"):
        tied([link("U1", "E1", 1)], "E1", "E1")
    with pytest.raises(Failed, match="email:1 twice"):
        commands.keep_apart(given("keep-apart"), outlook([], ["E1"]), E1, E1)


def test_keep_apart_holds_by_any_path() -> None:
    facts = [link("U1", "E1", 1), link("U1", "P1", 2)]
    proposal = commands.keep_apart(given("keep-apart"), outlook(facts, ["E1", "P1"]), E1, P1)
    assert not together([*facts, *proposal.facts], "E1", "P1")


@pytest.mark.parametrize(("left", "right"), [(["E1"], ["P1"]), (["P1", "S1"], ["E1", "E2"])])
def test_keep_apart_twice_is_in_force_already(left: list[str], right: list[str]) -> None:
    facts = [link("U1", "E1", 1), keep_apart(left, right, 5)]
    with pytest.raises(Failed, match="in force already: keep_apart of"):
        commands.keep_apart(given("keep-apart"), outlook(facts, ["E1", "P1"]), E1, P1)


def test_keep_apart_of_one_side_is_not_in_force() -> None:
    facts = [link("U1", "E1", 1), link("U1", "P1", 1), keep_apart(["E1", "P1"], ["S1"], 5)]
    assert commands.keep_apart(given("keep-apart"), outlook(facts, ["E1", "P1"]), E1, P1).facts


def test_a_handover_cuts_time() -> None:
    facts = [link("U1", "P1", 10), link("U2", "P1", 90)]
    proposal = commands.handover(given("handover"), outlook(facts, ["P1"]), P1, 50)
    after = owners([*facts, *proposal.facts])
    assert [one.profile for one in after[P1]] == [after[U1][0].profile, after[U2][0].profile]
    assert proposal.facts[0].command_id == given("handover").command_id


def test_a_handover_to_come_is_refused() -> None:
    with pytest.raises(Failed, match=r"1970-01-01T00:16:40.001Z is to come"):
        commands.handover(given("handover"), outlook([], ["P1"]), P1, NOW + 1)


def test_a_handover_twice_is_in_force_already() -> None:
    facts = [link("U1", "P1", 10), command("handover", 50, ["P1"])]
    with pytest.raises(Failed, match="in force already: handover of phone:1"):
        commands.handover(given("handover"), outlook(facts, ["P1"]), P1, 50)
    assert commands.handover(given("handover"), outlook(facts, ["P1"]), P1, 51).facts


def test_a_block_cuts_all_links() -> None:
    facts = [link("U1", "E1", 1), link("U1", "P1", 1)]
    proposal = commands.block(given("block"), outlook(facts, ["E1"]), E1)
    assert not together([*facts, *proposal.facts], "U1", "E1")
    assert together([*facts, *proposal.facts], "U1", "P1")


def test_a_block_twice_is_in_force_already_by_command_or_by_rule() -> None:
    with pytest.raises(Failed, match="in force already: block of email:1"):
        commands.block(given("block"), outlook([command("block", 5, ["E1"])], ["E1"]), E1)
    rules = replace(RULES, kinds={**RULES.kinds, "email": replace(RULES.kinds["email"], blocked=frozenset({"1"}))})
    with pytest.raises(Failed, match=r"blocked already, by the rules"):
        commands.block(given("block"), outlook([], ["E1"], rules), E1)


@pytest.mark.parametrize(
    "fact", [tie("E1", "S1", 5), keep_apart(["E1"], ["P1"], 5), command("block", 5, ["E1"]), link("U1", "E1", 3)]
)
def test_a_retract_undoes_and_a_retract_of_it_does_it_again(fact: Evidence) -> None:
    facts = [link("U1", "P1", 1), link("E1", "A1", 2), link("U1", "E2", 2)]
    names = ["U1", "E1", "P1", "S1"]
    without, with_it = owners(facts), owners([*facts, fact])
    back = take_back(given("retract"), outlook([*facts, fact], names), fact.fact_id, [fact]).facts
    assert all(undone == without.get(who, undone) for who, undone in owners([*facts, fact, *back]).items())
    again = take_back(given("retract", at=NOW + 1), outlook([*facts, fact, *back], names), back[0].fact_id, back).facts
    assert owners([*facts, fact, *back, *again]) == with_it


def test_a_retract_of_nothing_is_refused() -> None:
    with pytest.raises(Failed, match="no fact and no command of tenant default has the id"):
        take_back(given("retract"), outlook([], []), link("U1", "E1", 1).fact_id, [])


def test_a_retract_twice_names_the_first() -> None:
    fact = tie("E1", "P1", 5)
    facts = [fact, retract(fact, 6)]
    with pytest.raises(Failed, match=r"taken back already:\n  retract of email:1 and phone:1"):
        take_back(given("retract"), outlook(facts, ["E1", "P1"]), fact.fact_id, [fact])
