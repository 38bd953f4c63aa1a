"""What operators have said, read together: which facts are taken back, and what the others mean for a component."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END, milliseconds

PREFIX: Final = 64  # a link's id is kept as its first 8 bytes: `fact_id.int >> PREFIX`


@dataclass(frozen=True, slots=True)
class Commands:
    """Operators' facts that are in force. Times in milliseconds since 1970.

    Attributes:
        retracts: by the first 8 bytes of a link's id, the identifiers that each retract of it names.
        ties: by (time, id); `retracted_ties`: those that are not in force.
        erased: by identifier, before when nothing of it is known; `epochs`: how often that was said.
        cuts: by identifier, the moments at which it became somebody else's, in order.
        blocked: identifiers that link nothing.
        apart: (time, left, right), in the order of their ids: none of the left with any of the right.
    """

    retracts: Mapping[int, list[frozenset[str]]] = field(default_factory=dict)
    ties: tuple[Evidence, ...] = ()
    retracted_ties: tuple[Evidence, ...] = ()
    erased: Mapping[str, int] = field(default_factory=dict)
    epochs: Mapping[str, int] = field(default_factory=dict)
    cuts: Mapping[str, list[int]] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    apart: tuple[tuple[int, Evidence], ...] = ()

    def is_retracted(self, prefix: int, one: str, other: str) -> bool:
        """Whether a link is taken back; a retract names the ends of what it takes back."""
        return any(one in named and other in named for named in self.retracts.get(prefix, ()))

    def era(self, identifier: str, t: int) -> int:
        """Since when the era of an identifier runs in which `t` lies."""
        cuts = self.cuts.get(identifier)
        return max((cut for cut in cuts if cut <= t), default=BEGIN) if cuts else BEGIN

    def eras(self, identifier: str) -> list[tuple[int, int]]:
        """All eras of an identifier: since, until."""
        starts = [BEGIN, *self.cuts.get(identifier, ())]
        return list(zip(starts, [*starts[1:], END], strict=True))


NONE: Final = Commands()


def moment_of(fact: Evidence) -> int:
    """When a fact holds, within what time knows: BEGIN to before END."""
    t = milliseconds(fact.at)
    return t if BEGIN <= t < END else BEGIN if t < BEGIN else END - 1


def named(fact: Evidence) -> frozenset[str]:
    """All identifiers of which a fact speaks."""
    return frozenset((*fact.left, *fact.right))


def read_commands(facts: Iterable[Evidence]) -> Commands:
    """What these operators' facts say together, in whatever order they came."""
    every = {fact.fact_id: fact for fact in facts}
    if not every:
        return NONE
    live = _living(every)
    some: dict[str, list[Evidence]] = defaultdict(list)
    for fact_id in sorted(live):
        some[every[fact_id].fact].append(every[fact_id])
    ties = [tie for tie in some["tie"] if tie.left != tie.right]
    erased: dict[str, int] = {}
    epochs: dict[str, int] = defaultdict(int)
    for fact in some["erase"]:
        erased[fact.left[0]] = max(erased.get(fact.left[0], BEGIN), moment_of(fact))
        epochs[fact.left[0]] += 1
    cuts: dict[str, set[int]] = defaultdict(set)
    for fact in some["handover"]:
        cuts[fact.left[0]].add(moment_of(fact))
    retracts: dict[int, list[frozenset[str]]] = defaultdict(list)
    for fact in some["retract"]:
        if fact.target and fact.target not in every:
            retracts[fact.target.int >> PREFIX].append(named(fact))
    return Commands(
        retracts=dict(retracts),
        ties=tuple(sorted(ties, key=lambda tie: (moment_of(tie), tie.fact_id))),
        retracted_ties=tuple(every[i] for i in sorted(every) if every[i].fact == "tie" and i not in live),
        erased=erased,
        epochs=dict(epochs),
        cuts={identifier: sorted(found) for identifier, times in cuts.items() if (found := times - {BEGIN})},
        blocked=frozenset(fact.left[0] for fact in some["block"]),
        apart=tuple((moment_of(fact), fact) for fact in some["keep_apart"]),
    )


def _living(every: Mapping[UUID, Evidence]) -> set[UUID]:
    """The facts that nothing in force takes back. Those that take back each other in a circle are not in force."""
    aims = {i: target for i, fact in every.items() if (target := _reached(fact, every))}
    against: dict[UUID, int] = defaultdict(int)
    for target in aims.values():
        against[target] += 1
    live = {i for i in every if not against[i]}
    dead: set[UUID] = set()
    ready = sorted(live)
    while ready:
        fact_id = ready.pop()
        target = aims.get(fact_id)
        if target is None or target in live or target in dead:
            continue
        against[target] -= 1
        if fact_id in live:
            dead.add(target)
            ready.append(target)
        elif not against[target]:
            live.add(target)
            ready.append(target)
    return live


def _reached(fact: Evidence, every: Mapping[UUID, Evidence]) -> UUID | None:
    """The command that a retract takes back: it must name all whom that names."""
    target = every.get(fact.target) if fact.fact == "retract" and fact.target else None
    return target.fact_id if target is not None and named(target) <= named(fact) else None
