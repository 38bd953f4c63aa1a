"""A split: what goes, what stays, and that it undoes a merge."""

from collections.abc import Iterator
from itertools import combinations
from random import Random

import pytest

from schemas.evidence import Evidence
from stream_processors.core.judge import judge
from tests.stream_processors.core.identity_worlds import RULES, command, link, name, random_facts, tie
from tests.throughline.identity.giving import given, outlook, owners, together
from throughline.failures import Failed
from throughline.identity.command import Proposal
from throughline.identity.command import tie as tied
from throughline.identity.split import split


def parted(facts: list[Evidence], of: str, *leaving: str) -> Proposal:
    names = [name(short) for short in leaving]
    return split(given("split"), outlook(facts, [of, *leaving]), name(of), names)


def after(facts: list[Evidence], of: str, *leaving: str) -> list[Evidence]:
    return [*facts, *parted(facts, of, *leaving).facts]


def test_what_goes_is_kept_apart_from_what_stays() -> None:
    facts = [link("U1", "E1", 1), link("U1", "P1", 2), link("P1", "S1", 3)]
    proposal = parted(facts, "U1", "P1", "S1")
    [fact] = proposal.facts
    assert (fact.fact, set(fact.left), set(fact.right)) == (
        "keep_apart", {name("P1"), name("S1")}, {name("U1"), name("E1")}
    )  # fmt: skip
    found = [*facts, fact]
    assert together(found, "P1", "S1")
    assert together(found, "U1", "E1")
    assert not together(found, "U1", "P1")


def test_those_that_go_and_those_that_stay_remain_one_each() -> None:
    star = [link("U1", short, 1) for short in ("E1", "P1", "S1")]
    assert together(after(star, "U1", "E1", "P1"), "E1", "P1")
    centre = after(star, "E1", "U1")
    assert together(centre, "E1", "P1", "S1")
    assert not together(centre, "U1", "E1")


def test_a_split_of_what_is_not_joined_is_refused() -> None:
    facts = [link("U1", "E1", 1), link("U2", "E2", 1)]
    with pytest.raises(Failed, match=r"email:2 is not joined with user_id:1.*explain"):
        parted(facts, "U1", "E1", "E2")


def test_a_split_of_all_is_refused() -> None:
    facts = [link("U1", "E1", 1)]
    with pytest.raises(Failed, match="all identifiers of the profile"):
        parted(facts, "U1", "E1", "U1")


def test_what_cannot_be_held_together_is_refused_with_its_rule() -> None:
    facts = [tie("E1", "S1", 1), tie("S1", "P1", 2), tie("P1", "S9", 3), command("keep_apart", 4, ["E1"], ["S9"])]
    assert together(facts, "E1", "S1", "P1")
    with pytest.raises(Failed, match=r"keep_apart would tear email:1 and phone:1(.|\n)*retract"):
        parted(facts, "S1", "E1", "P1")


def pairs_to_merge(facts: list[Evidence]) -> Iterator[tuple[list[str], list[str]]]:
    """The identifiers of two profiles with no link between them."""
    clusters = [sorted({node.identifier for node in cluster}) for cluster in judge(facts, RULES).clusters]
    for one, other in combinations(sorted(clusters), 2):
        if not any(
            {fact.left[0], fact.right[0]} & {*one} and {fact.left[0], fact.right[0]} & {*other} for fact in facts
        ):
            yield one, other


def test_a_merge_and_then_a_split_gives_the_owners_of_before() -> None:
    tried = 0
    for seed in range(50):
        random = Random(seed)
        names = [f"{kind}{n}" for kind in "UEPAS" for n in range(1, 5)]
        facts = random_facts(random, size=random.randint(4, 16), commands=0, names=names)
        plain = owners(facts)
        for one, other in pairs_to_merge(facts):
            try:
                proposal = tied(given("tie"), outlook(facts, [one[0], other[0]]), one[0], other[0], force=False)
            except Failed:
                continue
            merged = [*facts, *proposal.facts]
            if {node.identifier for node in proposal.after.cluster(proposal.after.now(one[0]))} != {*one, *other}:
                continue  # the tie took a doubt away, and so brought in a third, which would have to be named too
            again = split(given("split", at=2_000_000), outlook(merged, [one[0]]), one[0], other)
            assert owners([*merged, *again.facts]) == plain, seed
            tried += 1
    assert tried > 20
