"""Hubs: identifiers with more neighbours than one customer has, as a switchboard's number.

From the time of the neighbour that is one too many, such a node is busy and links nothing; what it joined before
stands. Ties neither count nor are stopped.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from schemas.identity import END
from stream_processors.core.clusters import Link
from stream_processors.core.kinds import KindRow, Kinds
from stream_processors.core.nodes import Nodes


class Aside(Protocol):
    """Links that are kept beside a component, because its nodes refuse them; they count nevertheless."""

    def counts(self, members: Sequence[str]) -> dict[int, int]:
        """By number of a member, how many there are, where there are some."""

    def times(self, identifier: str, *, strong: bool, since: int, until: int, most: int) -> Sequence[int]:
        """The times of the first of them from `since` to before `until`, at most `most`, in order."""


@dataclass(frozen=True, slots=True)
class Hubs:
    """`busy`: since when nodes link nothing; `crowded`: nodes with too many strong neighbours."""

    busy: Mapping[int, int]
    crowded: frozenset[int]


NOBODY: Final = Hubs({}, frozenset())


def find_hubs(links: Sequence[Link], nodes: Nodes, rows: Sequence[KindRow], kinds: Kinds, aside: Aside | None) -> Hubs:
    """The hubs of a component, by those of its links that count."""
    few = min(kinds.rules.hub, kinds.rules.degree)
    beside = aside.counts(nodes.members) if aside else {}
    if len(links) + max(beside.values(), default=0) <= few:
        return NOBODY
    count: Counter[int] = Counter()
    for cls, _, _, x, y in links:
        if cls:
            count[x] += 1
            count[y] += 1
    suspects = {n for n in range(len(nodes.since)) if count[n] + beside.get(nodes.member[n], 0) > few}
    if not suspects:
        return NOBODY
    strong, near = _neighbours(links, suspects, rows)
    busy: dict[int, int] = {}
    crowded = set()
    for n in sorted(suspects):
        some = strong[n] + _times(aside, nodes, n, kinds.rules.hub + 1, strong=True)
        if len(some) > kinds.rules.hub:
            crowded.add(n)
            busy[n] = sorted(some)[kinds.rules.hub]
        every = near[n] + _times(aside, nodes, n, kinds.rules.degree + 1, strong=True)
        every += _times(aside, nodes, n, kinds.rules.degree + 1, strong=False)
        if len(every) > kinds.rules.degree:
            busy[n] = min(busy.get(n, END), sorted(every)[kinds.rules.degree])
    return Hubs(busy, frozenset(crowded))


def _neighbours(
    links: Sequence[Link], suspects: Collection[int], rows: Sequence[KindRow]
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """The times of the links of some nodes: those to strong neighbours, and all."""
    strong: dict[int, list[int]] = defaultdict(list)
    near: dict[int, list[int]] = defaultdict(list)
    for cls, t, _, x, y in links:
        for n, other in ((x, y), (y, x)):
            if cls and n in suspects:
                near[n].append(t)
                if not rows[other].shared:
                    strong[n].append(t)
    return strong, near


def _times(aside: Aside | None, nodes: Nodes, n: int, most: int, *, strong: bool) -> list[int]:
    if aside is None:
        return []
    since, until = nodes.since[n], nodes.until[n]
    return list(aside.times(nodes.members[nodes.member[n]], strong=strong, since=since, until=until, most=most))
