"""Links, one after the other, make clusters of nodes, unless a rule forbids it.

Nodes are numbers. A cluster is known by one of its nodes, the last that `parent` leads to, and for each such there are
its size, its kinds as bits, how many of a kind where it has more than one, and its marks: an operator's n-th word that
two sides be kept apart puts mark 2n on the nodes of one and 2n + 1 on those of the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.identity import END
from stream_processors.core.kinds import DEVICE, KindRow, Kinds

Link = tuple[int, int, int, int, int]  # class, time, first 8 bytes of its id, and its ends, as numbers
HUB: Final = "hub"
CONTESTED: Final = "contested"
KEEP_APART: Final = "keep_apart"
_ONCE: Final[Mapping[int, int]] = {}


class Contest(NamedTuple):
    """Since when a node is nobody's, and by which link: its class and its place among the links."""

    t: int
    cls: int
    link: int


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands before any link is taken.

    Attributes:
        rows: the kind of each node.
        marks: of nodes that are kept apart from others.
        tied: nodes that an operator has tied.
        same: for nodes of a unique kind that a tie names directly, the one that stands for their value.
        busy: since when a node links nothing, for it has too many neighbours.
    """

    kinds: Kinds
    rows: Sequence[KindRow]
    marks: Mapping[int, frozenset[int]]
    tied: frozenset[int]
    same: Mapping[int, int]
    busy: Mapping[int, int]


class Clusters:
    """Clusters as they grow.

    Attributes:
        refused: by its place among the links, the rule that refuses a link.
        joined: the places of links that made one cluster of two, in order.
        contested: the nodes that are somebody's no more.
    """

    def __init__(self, ground: Ground) -> None:
        rows = ground.rows
        self.refused: dict[int, str] = {}
        self.joined: list[int] = []
        self.contested: dict[int, Contest] = {}
        self._ground = ground
        self._parent = list(range(len(rows)))
        self._size = [1] * len(rows)
        self._mask = [row.bit for row in rows]
        self._counts: dict[int, dict[int, int]] = {}
        self._marks: dict[int, frozenset[int] | set[int]] = dict(ground.marks)
        self._value = {n: {rows[n].bit: value} for n, value in ground.same.items()}
        self._claim: dict[int, int] = {}
        self._closed: dict[int, int] = {}

    def take(self, links: Sequence[Link], out: Mapping[int, str]) -> None:
        """Take links, which are in order; those in `out` have been refused before all rules."""
        parent, claim, refused, busy = self._parent, self._claim.setdefault, self.refused, self._ground.busy
        refused.update(out)
        for at, (cls, t, _, x, y) in enumerate(links):
            if at in out:
                continue
            p, q = x, y
            while parent[p] != p:
                parent[p] = p = parent[parent[p]]
            while parent[q] != q:
                parent[q] = q = parent[parent[q]]
            rule = ""
            if busy and cls and (busy.get(x, END) <= t or busy.get(y, END) <= t):
                rule = HUB
            elif p != q:
                rule = self._against(p, q, links[at])
                if not rule:
                    self._join(p, q)
                    self.joined.append(at)
            if rule:
                refused[at] = rule
                self._contest(at, rule, links[at])
            else:
                claim(x, cls)  # links come by class: the first is the strongest
                claim(y, cls)

    def heads(self) -> list[int]:
        """For each node the one by which its cluster is known."""
        parent = self._parent
        heads = []
        for n, p in enumerate(parent):
            q = p
            while parent[q] != q:
                q = parent[q]
            parent[n] = q
            heads.append(q)
        return heads

    def _against(self, p: int, q: int, link: Link) -> str:
        """The rule, if any, that forbids to join two clusters."""
        closed, t = self._closed, link[1]
        if closed and (closed.get(link[3], END) <= t or closed.get(link[4], END) <= t):
            return CONTESTED
        both = self._mask[p] & self._mask[q]
        if both and (rule := self._against_kinds(p, q, both, link)):
            return rule
        if self._size[p] + self._size[q] > self._ground.kinds.rules.cap:
            return "cap"
        if self._marks and self._are_apart(p, q):
            return KEEP_APART
        return ""

    def _against_kinds(self, p: int, q: int, both: int, link: Link) -> str:
        kinds, rows = self._ground.kinds, self._ground.rows
        two = both & kinds.unique
        if two and self._value:
            one, other = self._value.get(p, {}), self._value.get(q, {})
            two = sum(row.bit for row in kinds.rows if row.bit & two and not _equal(one, other, row.bit))
        if two:
            return f"unique:{kinds.least(two)}"
        guests = both & kinds.strong
        if guests and link[0] == DEVICE and not (rows[link[3]].unique or rows[link[4]].unique):
            return f"guest:{kinds.least(guests)}"
        return self._against_limits(p, q, both & ~kinds.unique)  # of a unique kind they have the same value

    def _against_limits(self, p: int, q: int, both: int) -> str:
        mine, theirs = self._counts.get(p, _ONCE), self._counts.get(q, _ONCE)
        over = 0
        while both:
            bit = both & -both
            both ^= bit
            if mine.get(bit, 1) + theirs.get(bit, 1) > self._ground.kinds.rows[bit.bit_length() - 1].limit:
                over |= bit
        return f"limit:{self._ground.kinds.least(over)}" if over else ""

    def _are_apart(self, p: int, q: int) -> bool:
        one, other = self._marks.get(p), self._marks.get(q)
        if not one or not other:
            return False
        few, many = (one, other) if len(one) < len(other) else (other, one)
        return any(mark ^ 1 in many for mark in few)

    def _join(self, p: int, q: int) -> None:
        """Make one cluster of two, known by the head of the larger."""
        if self._size[p] < self._size[q]:
            p, q = q, p
        both = self._mask[p] & self._mask[q]
        if both or q in self._counts:
            mine, theirs = self._counts.get(p, {}), self._counts.pop(q, {})
            self._counts[p] = {**mine, **theirs}
            while both:
                bit = both & -both
                self._counts[p][bit] = mine.get(bit, 1) + theirs.get(bit, 1)
                both ^= bit
        if q in self._marks:
            self._marks[p] = self._marks[q].union(self._marks.get(p, ()))
        if q in self._value:
            self._value[p] = {**self._value.get(p, {}), **self._value[q]}
        self._parent[q] = p
        self._size[p] += self._size[q]
        self._mask[p] |= self._mask[q]

    def _contest(self, at: int, rule: str, link: Link) -> None:
        """A rule that speaks of two persons leaves the weaker end of the link in doubt, from its time on."""
        if not rule.startswith(("unique", "guest", KEEP_APART)):
            return
        cls, t, _, x, y = link
        for n in self._doubtful(cls, x, y):
            if self._claim.get(n) == cls and n not in self._ground.tied and t < self._closed.get(n, END):
                self._closed[n] = t
                self.contested[n] = Contest(t, cls, at)

    def _doubtful(self, cls: int, x: int, y: int) -> list[int]:
        """The shared ends; else the ends of the weaker kind; never those of a unique one."""
        rows = self._ground.rows
        if cls == DEVICE:
            return [n for n in (x, y) if rows[n].shared and not rows[n].unique]
        worst = max(rows[x].priority, rows[y].priority)
        return [n for n in (x, y) if rows[n].priority == worst and not rows[n].unique]


def _equal(one: Mapping[int, int], other: Mapping[int, int], bit: int) -> bool:
    return bit in one and one[bit] == other.get(bit)
