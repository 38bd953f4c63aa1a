"""The plain case, which nearly all links are: whatever the order in which they are taken, all hold.

So it is where a component has at most one identifier of each kind that several people do not share, no more of a
shared kind than its limit, no more links than make a hub, and no operator has spoken of it. Then it is one cluster, its
root is the least of its members, and there is nothing to evaluate. What is said here must be, to the byte, what
`stream_processors.core.settle` and its neighbours would come to; the tests hold the two together.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from schemas.evidence import Evidence
from schemas.identity import END
from stream_processors.core.clusters import Link
from stream_processors.core.commands import PREFIX, moment_of
from stream_processors.core.desk import Desk
from stream_processors.core.kept import Kept
from stream_processors.core.kinds import KindRow, class_of


class Group:
    """Components and single identifiers that the links of a run join, by numbers and names; and these links."""

    __slots__ = ("is_plain", "keys", "links")

    def __init__(self) -> None:
        self.keys: dict[int | str, None] = {}
        self.links: list[Evidence] = []
        self.is_plain = True


class Joined(NamedTuple):
    """One component of several.

    Attributes:
        parts: what it was, by number; the first goes on.
        single: the identifiers that were in no component.
        members, links: what it is, as kept.
        root: the number of its root.
        fresh: the links that are new, or earlier than was known.
    """

    parts: Sequence[tuple[int, Kept]]
    single: Sequence[str]
    members: list[str]
    links: list[Link]
    root: int
    fresh: Sequence[Evidence]


def groups_of(desk: Desk, links: Iterable[Evidence], others: Collection[str]) -> list[Group]:
    """What links join.

    A group is not plain where an end has more to its seat than a component, or where one of `others` is in it.
    """
    apart = {desk.seats[name].component or name for name in others}
    groups: dict[int | str, Group] = {}
    seats = desk.seats
    for fact in links:
        one, other = fact.left[0], fact.right[0]
        seat, far = seats[one], seats[other]
        keys = seat.component or one, far.component or other
        group = _merged(groups, *keys)
        group.links.append(fact)
        if not (seat.is_plain and far.is_plain) or (apart and not apart.isdisjoint(keys)):
            group.is_plain = False
    return list({id(group): group for group in groups.values()}.values())


def _merged(groups: dict[int | str, Group], one: int | str, other: int | str) -> Group:
    group, far = groups.get(one), groups.get(other)
    if group is None:
        group = Group() if far is None else far
    elif far is not None and far is not group:
        if len(far.keys) > len(group.keys):
            group, far = far, group
        group.links += far.links
        group.is_plain = group.is_plain and far.is_plain
        for key in far.keys:
            group.keys[key] = None
            groups[key] = group
    for key in (one, other):
        group.keys[key] = None
        groups[key] = group
    return group


def joined(desk: Desk, group: Group) -> Joined | None:
    """The component that a group becomes; None: it is not plain."""
    return (_leaf(desk, group) if len(group.links) == 1 else None) or _joined(desk, group)


def _leaf(desk: Desk, group: Group) -> Joined | None:
    """The same, where one link brings one new identifier that cannot be the root; None: look closer."""
    fact = group.links[0]
    name, far = fact.left[0], fact.right[0]
    if desk.seats[name].component:
        name, far = far, name
    number = desk.seats[far].component
    if desk.seats[name].component or not number:
        return None
    part, kinds = desk.kept[number], desk.kinds
    members, row, end = part.members, kinds.of(name), kinds.of(far)
    is_strong = row.unique or not row.shared
    most = kinds.most if is_strong or row.limit > kinds.most else row.limit
    size = len(members)
    if not _is_plain(part) or size >= most or len(part.links) >= most or row.blocks(name) or end.blocks(far):
        return None
    root = members[part.roots[0]]
    least = kinds.of(root).priority
    if row.priority <= least or (end.priority <= least and far != root):
        return None  # it, or the end that it makes older, may be the root
    if is_strong and row.is_among(members):
        return None
    link = (class_of(row, end), moment_of(fact), fact.fact_id.int >> PREFIX, size, members.index(far))
    return Joined([(number, part)], [name], [*members, name], [*part.links, link], part.roots[0], group.links)


def _joined(desk: Desk, group: Group) -> Joined | None:
    single = [key for key in group.keys if isinstance(key, str)]
    parts = [(key, desk.kept[key]) for key in group.keys if isinstance(key, int)]
    if not all(_is_plain(part) for _, part in parts):
        return None
    parts.sort(key=_size, reverse=True)
    members, links = _together(parts)
    members += single
    rows = [desk.kinds.of(name) for name in members]
    fresh = _take(group.links, members, rows, links)
    rules = desk.kinds.rules
    if fresh is None or len(links) > min(rules.hub, rules.degree) or len(members) > rules.cap:
        return None
    root = _root(members, rows, links)
    return None if root is None else Joined(parts, single, members, links, root, fresh)


def _is_plain(part: Kept) -> bool:
    """One cluster, all of whose links hold, and of whose members the seats say no more."""
    return len(part.roots) == 1 and not (part.refused or part.special or part.commands)


def _size(part: tuple[int, Kept]) -> tuple[int, int]:
    return len(part[1].members), -part[0]


def _together(parts: Sequence[tuple[int, Kept]]) -> tuple[list[str], list[Link]]:
    members: list[str] = []
    links: list[Link] = []
    for _, part in parts:
        size = len(members)
        members += part.members
        if size:
            links += [(cls, t, prefix, x + size, y + size) for cls, t, prefix, x, y in part.links]
        else:
            links += part.links
    return members, links


def _take(
    facts: Iterable[Evidence], members: Sequence[str], rows: Sequence[KindRow], links: list[Link]
) -> list[Evidence] | None:
    """Add links; those that said something new. None: an end is blocked."""
    number = {name: n for n, name in enumerate(members)}
    known = {link[2]: at for at, link in enumerate(links)}
    fresh = []
    for fact in facts:
        one, other = fact.left[0], fact.right[0]
        t, prefix = moment_of(fact), fact.fact_id.int >> PREFIX
        at = known.get(prefix)
        if at is not None and links[at][1] <= t:
            continue
        x, y = number[one], number[other]
        if rows[x].blocks(one) or rows[y].blocks(other):
            return None
        link = (class_of(rows[x], rows[y]), t, prefix, x, y)
        fresh.append(fact)
        if at is None:
            known[prefix] = len(links)
            links.append(link)
        else:
            links[at] = link
    return fresh


def _root(members: Sequence[str], rows: Sequence[KindRow], links: Iterable[Link]) -> int | None:
    """The root, if no kind that several people do not share is there twice, and no shared one too often."""
    first = [END] * len(members)
    for _, t, _, x, y in links:
        first[x] = min(first[x], t)
        first[y] = min(first[y], t)
    strong = 0
    shared: dict[int, int] = {}
    best: tuple[int, int, str, int] | None = None
    for n, (name, row) in enumerate(zip(members, rows, strict=True)):
        if not row.shared or row.unique:
            if strong & row.bit:
                return None
            strong |= row.bit
        elif _is_over(shared, row):
            return None
        rank = (row.priority, first[n], name, n)
        if best is None or rank < best:
            best = rank
    return best[3] if best else None


def _is_over(shared: dict[int, int], row: KindRow) -> bool:
    count = shared[row.bit] = shared.get(row.bit, 0) + 1
    return count > row.limit
