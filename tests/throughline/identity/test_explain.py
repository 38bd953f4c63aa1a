"""Why, or why not: the worked stories as a person reads them."""

from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from schemas.evidence import Evidence
from stream_processors.core.judge import judge
from tests.stream_processors.core.identity_worlds import (
    RULES,
    TENANT,
    command,
    link,
    name,
    narrow,
    random_facts,
    tie,
)
from tests.throughline.identity.shelf import MemoryShelf
from throughline.identity.explain import explain_one, explain_two
from throughline.identity.gather import gather
from throughline.identity.render import Seen, document, evidence_of, lines

GOLDEN = Path(__file__).parent / "golden"
T = 1_800_000_000_000  # 2027-01-15T08:00:00Z


def at(minutes: int) -> int:
    return T + minutes * 60_000


LOGIN = [link("A1", "U1", at(5)), link("U1", "E1", at(5)), link("U1", "A2", at(60))]
STORIES: dict[str, tuple[list[Evidence], list[str]]] = {
    "anonymous_visits_then_login_on_two_devices": (LOGIN, ["A1", "A2"]),
    "all_that_joined_a_profile": (LOGIN, ["E1"]),
    "two_people_on_one_tablet": ([link("A1", "U1", at(1)), link("A1", "U2", at(5))], ["A1", "U2"]),
    "two_people_on_one_tablet_each": ([link("A1", "U1", at(1)), link("A1", "U2", at(5))], ["U1", "U2"]),
    "two_guests_on_one_device": (
        [link("A1", "email:tom@example.com", at(1)), link("A1", "email:summer@example.com", at(2))],
        ["email:tom@example.com", "email:summer@example.com"],
    ),
    "family_email": (
        [link("U1", "email:fam@example.com", at(1)), link("U2", "email:fam@example.com", at(5))],
        ["email:fam@example.com", "U2"],
    ),
    "switchboard": ([link("P1", f"E{n}", at(n)) for n in range(1, 60)], ["P1", "E55"]),
    "recycled_phone_number": (
        [link("P1", "U1", at(1)), link("P1", "U2", at(100)), command("handover", at(50), ["P1"])],
        ["P1", "U1"],
    ),
    "user_id_null": ([link("user_id:null", "E1", at(1)), command("block", at(9), ["user_id:null"])],
                     ["user_id:null", "E1"]),
    "kept_apart": (
        [link("U1", "E1", at(1)), link("U1", "E2", at(2)), command("keep_apart", at(9), ["E2"], ["U1", "E1"])],
        ["E1", "E2"],
    ),
    "an_operators_word": ([link("U1", "E1", at(1)), tie("E1", "P1", at(9))], ["U1", "P1"]),
    "too_many_emails": ([link("U1", f"E{n}", at(n)) for n in range(1, 7)], ["U1", "E6"]),
    "strangers": ([link("U1", "E1", at(1)), link("U2", "E2", at(1))], ["E1", "E2"]),
    "a_device_in_doubt": ([link("A1", "U1", at(1)), link("A1", "U2", at(5)), link("A1", "E9", at(9))], ["A1"]),
}  # fmt: skip


def told(facts: list[Evidence], names: list[str]) -> tuple[str, dict[str, object]]:
    """As text and as data, with a name for each interaction."""
    some = [name(short) for short in names]
    world = gather(MemoryShelf(facts), TENANT, some, RULES)
    found = explain_one(world, *some) if len(some) == 1 else explain_two(world, *some)
    seen: Seen = {
        fact.event_id: {"channel": "web", "type": "action", "name": "Signed In"}
        for fact in evidence_of(found)
        if isinstance(fact.event_id, UUID)
    }
    return "\n".join(lines(found, seen)) + "\n", document(found, TENANT, seen)


@pytest.mark.parametrize("story", STORIES)
def test_the_stories_are_told_so(story: str, request: pytest.FixtureRequest) -> None:
    text, data = told(*STORIES[story])
    file = GOLDEN / f"{story}.txt"
    assert text == file.read_text()
    assert data["one"] is (": one customer" in text)


def test_a_path_leads_from_one_to_the_other() -> None:
    _, data = told([link("U1", "E1", 1), link("E1", "P1", 2), link("P1", "S1", 3), link("U1", "A1", 4)], ["A1", "S1"])
    steps = data["steps"]
    assert isinstance(steps, list)
    assert [(step["from"], step["to"]) for step in steps] == [
        (name("A1"), name("U1")), (name("U1"), name("E1")), (name("E1"), name("P1")), (name("P1"), name("S1")),
    ]  # fmt: skip
    assert {step["class"] for step in steps} == {"device facts", "account facts", "contact facts"}


def test_a_refusal_has_the_evidence_of_both_sides() -> None:
    facts = [link("E1", "U1", 1), link("P1", "U2", 1), link("E1", "P1", 5)]
    _, data = told(facts, ["E1", "P1"])
    assert isinstance(data["against"], list)
    [against] = data["against"]
    assert against["rule"] == "unique:user_id"
    assert [step["to"] for step in against["left"]] == [name("U1")]
    assert [step["to"] for step in against["right"]] == [name("U2")]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_evidence_it_is_explained(seed: int) -> None:
    random = Random(seed)
    rules = narrow(random)
    some = random_facts(random, size=random.randint(5, 40), commands=random.choice((0, 0.2)))
    every = judge(some, rules)
    for _ in range(8):
        one, other = random.sample(sorted(every.owners), 2)
        world = gather(MemoryShelf(some), TENANT, [one, other], rules)
        found = explain_two(world, one, other)
        same = every.owners[one][-1].profile == every.owners[other][-1].profile
        assert found.one is same
        if same:
            ends = [step.near.identifier for _, step in found.steps] + [found.steps[-1][1].far.identifier]
            assert (ends[0], ends[-1]) == (one, other)
            assert all(step.verdict.joined for _, step in found.steps)
        else:
            states = {every.owners[who][-1].state for who in (one, other)}
            assert bool(found.doubts) or not states & {"contested", "hub"}
        alone = explain_one(world, one)
        joined = {one} | {step.far.identifier for _, step in alone.steps}
        assert joined == {node.identifier for node in world.cluster(world.now(one))}
        for explained in (found, alone):
            assert list(lines(explained, {}))
            assert document(explained, TENANT, {})["one"] is explained.one
