"""What is gathered around some identifiers judges them as all evidence does."""

from random import Random

import pytest

from schemas.identity import Rules
from stream_processors.core.judge import judge
from tests.stream_processors.core.identity_worlds import (
    NARROW,
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
from throughline.failures import Failed
from throughline.identity.gather import gather


@pytest.mark.parametrize("seed", range(150))
def test_owners_are_those_of_all_evidence(seed: int) -> None:
    random = Random(seed)
    rules = narrow(random) if seed % 4 else NARROW
    names = [f"{kind}{n}" for kind in "UEPADS" for n in range(1, random.randint(3, 12))]
    facts = random_facts(random, size=random.randint(2, 60), commands=random.choice((0, 0.1, 0.4)), names=names)
    every = judge(facts, rules).owners
    start = random.sample(sorted(every), min(2, len(every)))
    world = gather(MemoryShelf(facts), TENANT, start, rules)
    assert set(start) <= world.inside
    for identifier in sorted(world.inside):
        assert world.ranges(identifier) == every[identifier], identifier


def test_a_hub_does_not_bring_in_the_town() -> None:
    town = [link("P1", f"E{n}", n) for n in range(1, 3000)] + [link(f"E{n}", f"U{n}", n) for n in range(1, 3000)]
    shelf = MemoryShelf(town)
    world = gather(shelf, TENANT, [name("U2500")], RULES)
    assert world.inside == {name(short) for short in ("U2500", "E2500")}
    assert world.owner(name("E2500")).profile == judge(town, RULES).owners[name("E2500")][-1].profile


def test_a_hub_is_told_from_its_first_neighbours() -> None:
    town = [link("P1", f"E{n}", n) for n in range(1, 3000)]
    shelf = MemoryShelf(town)
    world = gather(shelf, TENANT, [name("P1")], Rules(hub=50, degree=60))
    assert world.owner(name("P1")).state == "hub"
    assert len(world.inside) == 51
    assert shelf.asked < 200


def test_more_links_are_read_where_those_read_do_not_count() -> None:
    rules = Rules(hub=2, degree=2)
    facts = [link("P1", f"E{n}", n) for n in range(1, 9)]
    blocked = [command("block", 100 + n, [f"E{n}"]) for n in range(1, 5)]
    every = judge([*facts, *blocked], rules).owners
    world = gather(MemoryShelf([*facts, *blocked]), TENANT, [name("P1")], rules)
    assert {one: world.ranges(one) for one in world.inside} == {one: every[one] for one in world.inside}
    assert name("E5") in world.inside


def test_too_much_is_refused_with_its_number() -> None:
    chain = [tie(f"E{n}", f"E{n + 1}", n) for n in range(1, 40)]
    with pytest.raises(Failed, match="more than 20 identifiers"):
        gather(MemoryShelf(chain), TENANT, [name("E1")], RULES, bound=20)
