"""What other rules would change, without changing anything."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import nlargest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.core.judge import Judgement, judge
from throughline.identity.compare import Change, Move, Owners, changes
from throughline.identity.parts import Parts, Sketch
from throughline.identity.world import ranges_of

LARGEST: Final = 10
Pages = Callable[[], Iterable[list[Evidence]]]
Count = Callable[[list[Move]], list[int]]


@dataclass
class Simulation:
    """What would change in a tenant.

    Attributes:
        tenant: whose customers.
        changes: how many there are by what they are: merged, split, moved.
        unchanged: profiles that stay as they are, of those that there is evidence of.
        interactions: how many would be another profile's.
        largest: the largest changes, each with how many interactions it moves.
    """

    tenant: str
    changes: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    interactions: int = 0
    largest: list[tuple[int, Change]] = field(default_factory=list)


def simulate(tenant: str, pages: Pages, count: Count, before: Rules, after: Rules) -> Simulation:
    """Judge all evidence of a tenant under two sets of rules, and compare.

    Args:
        tenant: whose customers.
        pages: reads the evidence, twice; in between it may grow.
        count: for each move, how many interactions go with it.
        before: the rules in force.
        after: other ones.
    """
    told = Simulation(tenant)
    with TemporaryDirectory(prefix="throughline-") as folder:
        for part in _parts(Path(folder), pages, (before, after)):
            identifiers, facts = part
            _compare(told, identifiers, count, *(_owners(tenant, judge(facts, rules)) for rules in (before, after)))
    return told


def _parts(folder: Path, pages: Pages, alternatives: tuple[Rules, Rules]) -> Iterator[tuple[list[str], list[Evidence]]]:
    """The identifiers that are at home in a part, and its facts."""
    sketch = Sketch()
    for page in pages():
        sketch.add(page)
    cut = sketch.cut(alternatives)
    parts = Parts(folder, cut)
    with parts:
        for page in pages():
            parts.add(page)
    for part, facts in parts.each():
        named = {name for fact in facts for name in (*fact.left, *fact.right)}
        yield sorted(name for name in named if cut.at_home(name, part)), facts


def _owners(tenant: str, judgement: Judgement) -> Owners:
    return partial(ranges_of, judgement, tenant)


def _compare(told: Simulation, identifiers: list[str], count: Count, before: Owners, after: Owners) -> None:
    found = changes(identifiers, before, after)
    profiles = {before(name)[-1].profile for name in identifiers}
    told.unchanged += len(profiles) - sum(len(change.before) for change in found)
    counted = iter(count([move for change in found for move in change.moves]))
    for change in found:
        moved = sum(next(counted) for _ in change.moves)
        told.changes[change.what] += 1
        told.interactions += moved
        told.largest = nlargest(LARGEST, [*told.largest, (moved, change)], key=_size)


def _size(weighed: tuple[int, Change]) -> tuple[int, int, tuple[str, ...]]:
    return weighed[0], len(weighed[1].identifiers), weighed[1].identifiers
