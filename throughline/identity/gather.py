"""Gather the evidence that can matter to some identifiers: what hangs together with them, and no more.

From identifier to identifier over links, until nothing new comes. Not over links that are refused for good whatever
lies beyond: from the time on that an end is busy (a hub) or contested, it links nothing, so what is beyond cannot
change what is here. A switchboard number does not bring in the town.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from schemas.evidence import Evidence
from schemas.identity import END, Rules
from stream_processors.core.commands import moment_of
from stream_processors.core.judge import Node
from throughline.failures import Failed
from throughline.identity.world import JOINING, World

BOUND: Final = 20_000
FINAL_RULES: Final = frozenset({"retracted", "erased", "blocked", "hub"})  # they ask for one end only


@dataclass(frozen=True, slots=True)
class Links:
    """Links of some identifiers.

    Attributes:
        full: an identifier, and whether to shared ones: of such links there may be more than these.
    """

    facts: list[Evidence]
    full: frozenset[tuple[str, bool]]


class Shelf(Protocol):
    """Where evidence of one tenant is read."""

    def links(self, identifiers: Sequence[str], limit: int, shared: Sequence[str]) -> Links:
        """The earliest links of each identifier: `limit` to identifiers of the `shared` kinds, `limit` to others."""

    def commands(self, identifiers: Sequence[str]) -> list[Evidence]:
        """All that operators said of some identifiers."""


def gather(shelf: Shelf, tenant: str, start: Iterable[str], rules: Rules, bound: int = BOUND) -> World:
    """The evidence of these identifiers and of all that hang together with them.

    Raises:
        Failed: more than `bound` identifiers hang together.
    """
    gathering = _Gathering(shelf, tenant, rules, frozenset(start))
    fresh = set(gathering.inside)
    while fresh or gathering.unsettled:
        gathering.read(fresh)
        fresh = gathering.look()
        if len(gathering.inside) > bound:
            msg = f"more than {bound} identifiers hang together with these: too many to judge in a command"
            raise Failed(msg)
    return gathering.world()


class _Gathering:
    """What was gathered so far.

    Attributes:
        inside: the identifiers that hang together with the first ones, as far as is known.
        unsettled: those of them of which more links must be read.
    """

    def __init__(self, shelf: Shelf, tenant: str, rules: Rules, start: frozenset[str]) -> None:
        self._shelf = shelf
        self._tenant = tenant
        self._rules = rules
        self._shared = sorted(name for name, kind in rules.kinds.items() if kind.shared)
        self._start = start
        self._facts: dict[UUID, Evidence] = {}
        self._read: set[str] = set()  # their links
        self._asked: set[str] = set()  # for what operators said
        self._full: set[tuple[str, bool]] = set()
        self._limit = max(rules.hub, rules.degree) + 1
        self.inside = start
        self.unsettled: set[str] = set()

    def world(self) -> World:
        """What is here, to be judged."""
        return World(self._tenant, self._rules, self._facts, self.inside)

    def read(self, fresh: set[str]) -> None:
        """Read the links of identifiers, more of those that are not settled, and what was said of both their ends."""
        self._read |= fresh
        self._links(fresh, self._limit)
        if self.unsettled:
            self._limit *= 4
            self._links(self.unsettled, self._limit)
        concerned = self.inside | {name for fact in self._facts.values() for name in (*fact.left, *fact.right)}
        self._keep(self._shelf.commands(sorted(concerned - self._asked)))
        self._asked |= concerned

    def _links(self, identifiers: set[str], limit: int) -> None:
        found = self._shelf.links(sorted(identifiers), limit, self._shared)
        self._keep(found.facts)
        self._full = {end for end in self._full if end[0] not in identifiers} | found.full

    def _keep(self, facts: Iterable[Evidence]) -> None:
        self._facts.update((fact.fact_id, fact) for fact in facts)

    def look(self) -> set[str]:
        """Judge what is here; the identifiers inside whose links are still to be read."""
        world = self.world()
        closing = Closing(world)
        self.inside = self._reached(world, closing)
        self.unsettled = {
            name
            for name, to_shared in self._full
            if name in self.inside and not closing.settled(name, to_shared=to_shared)
        }
        return set(self.inside - self._read)

    def _reached(self, world: World, closing: "Closing") -> frozenset[str]:
        """From the first identifiers over the links that are not refused at the near end."""
        onward: dict[str, list[str]] = {}
        for fact in world.living.values():
            if fact.fact in JOINING:
                for near, far in ((fact.left[0], fact.right[0]), (fact.right[0], fact.left[0])):
                    if not closing.refuses(fact, near):
                        onward.setdefault(near, []).append(far)
        reached, waiting = set(self._start), list(self._start)
        while waiting:
            further = [far for far in onward.get(waiting.pop(), ()) if far not in reached]
            reached.update(further)
            waiting += further
        return frozenset(reached)


class Closing:
    """From when on identifiers link nothing, in a world that may lack what lies beyond them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._claims: dict[Node, int] = {}  # the strongest class of an accepted link
        self._near: dict[Node, list[str]] = {}  # what counts towards a hub
        for fact, verdict in world.joining():
            self._note(fact, verdict.rule, verdict.cls)

    def _note(self, fact: Evidence, rule: str, cls: int) -> None:
        one, other = self._world.ends(fact)
        for node, far in ((one, other), (other, one)):
            if not rule:
                self._claims[node] = min(cls, self._claims.get(node, cls))
            if cls and rule not in {"erased", "blocked", "keep_apart"}:
                self._near.setdefault(node, []).append(far.identifier)

    def refuses(self, fact: Evidence, end: str) -> bool:
        """Whether a link is refused at this end, whatever is beyond the other."""
        verdict = self._world.judgement.verdicts.get(fact.fact_id)
        if verdict is None or verdict.rule in FINAL_RULES:
            return True
        at = moment_of(fact)
        node = self._world.node(end, at)
        since = self._world.judgement.contested.get(node, END)
        return since < at and self._claims.get(node, END) <= verdict.cls

    def settled(self, identifier: str, *, to_shared: bool) -> bool:
        """Whether later links of it, to shared identifiers or to others, change nothing: it links nothing by then."""
        rules = self._world.rules
        near = self._near.get(self._world.now(identifier), [])
        if to_shared:
            return len(near) > rules.degree
        return sum(not rules.of(far.partition(":")[0]).shared for far in near) > rules.hub
