"""Evidence cut into parts: each identifier is judged in its part as it is in the whole."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.core.judge import judge
from tests.stream_processors.core.identity_worlds import TENANT, link, name, narrow, random_facts
from throughline.identity import parts as subject
from throughline.identity.simulate import simulate


def cut(facts: list[Evidence], alternatives: tuple[Rules, ...], folder: Path) -> list[tuple[set[str], list[Evidence]]]:
    sketch = subject.Sketch()
    for fact in facts:
        sketch.add([fact])
    places = sketch.cut(alternatives)
    parts = subject.Parts(folder, places)
    with parts:
        parts.add(facts)
    found = []
    for part, some in parts.each():
        named = {one for fact in some for one in (*fact.left, *fact.right)}
        found.append(({one for one in named if places.at_home(one, part)}, some))
    return found


@pytest.mark.parametrize("seed", range(100))
def test_owners_in_a_part_are_those_in_the_whole(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    monkeypatch.setattr(subject, "SIZE", 3)
    alternatives = narrow(random), narrow(random)
    names = [f"{kind}{n}" for kind in "UEPADS" for n in range(1, random.randint(3, 14))]
    some = random_facts(random, size=random.randint(2, 50), commands=random.choice((0, 0.05, 0.3)), names=names)
    facts = list({fact.fact_id: fact for fact in some}.values())
    found = cut(facts, alternatives, tmp_path)
    everybody = {one for fact in facts for one in (*fact.left, *fact.right)}
    assert sorted(one for home, _ in found for one in home) == sorted(everybody)
    for rules in alternatives:
        whole = judge(facts, rules).owners
        for home, facts_here in found:
            here = judge(facts_here, rules).owners
            assert {one: here[one] for one in home} == {one: whole[one] for one in home}


def test_a_hub_does_not_glue_the_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SIZE", 100)
    town = [fact for n in range(1, 1000) for fact in (link("P1", f"E{n}", n), link(f"E{n}", f"U{n}", n))]
    sizes = [len(facts) for _, facts in cut(town, (Rules(),), tmp_path)]
    assert len(sizes) > 40
    assert sorted(sizes)[-2] < 200


def test_nothing_is_simulated_of_nobody() -> None:
    told = simulate(TENANT, list, lambda moves: [0 for _ in moves], Rules(), Rules(hub=1))
    assert (told.unchanged, told.interactions, dict(told.changes)) == (0, 0, {})


def test_other_rules_merge_and_split() -> None:
    facts = [link("U1", "E1", 1), link("U1", "E2", 2), link("U1", "E3", 3), link("U2", "E4", 1)]
    plain, few = Rules(), Rules(kinds={**Rules().kinds, "email": replace(Rules().kinds["email"], limit=2)})
    narrower = simulate(TENANT, lambda: [facts], lambda moves: [7 for _ in moves], plain, few)
    assert (dict(narrower.changes), narrower.unchanged, narrower.interactions) == ({"split": 1}, 1, 7)
    [(moved, change)] = narrower.largest
    assert (moved, change.identifiers) == (7, (*map(name, ("E1", "E2", "E3", "U1")),))
    wider = simulate(TENANT, lambda: [facts], lambda moves: [7 for _ in moves], few, plain)
    assert dict(wider.changes) == {"merged": 1}
