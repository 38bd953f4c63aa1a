"""What a component came to, against what it was; and the parts into which it falls at links that are refused."""

from collections.abc import Iterable
from typing import Final

from schemas.evidence import link_id
from stream_processors.core.clusters import CONTESTED, HUB, Link
from stream_processors.core.commands import PREFIX, named
from stream_processors.core.component import Component
from stream_processors.core.desk import Desk, Turn
from stream_processors.core.evaluate import BLOCKED, ERASED, Evaluation
from stream_processors.core.refusals import OUT_RULES, refusal

ASIDE: Final = "aside"  # what is known of a link that was aside: it was refused
_CERTAIN: Final = frozenset({HUB, CONTESTED, BLOCKED, ERASED})


def compare(desk: Desk, component: Component, found: Evaluation) -> None:
    """Note which links turned."""
    now = {found.links[at][2]: rule for at, rule in found.refused.items()}
    before = component.refused.keys() | (desk.was_refused.keys() & component.links.keys())
    ties = {tie.fact_id.int >> PREFIX: tie.fact_id for tie in component.said.ties} if component.commands else {}
    for link in found.links:
        prefix = link[2]
        rule = now.get(prefix, "")
        if not rule and prefix not in before:
            continue
        old = desk.was_refused.get(prefix, "")
        if rule == old or (old == ASIDE and rule in _CERTAIN):
            continue
        x, y = (found.nodes.members[found.nodes.member[n]] for n in link[3:])
        desk.turned.append(Turn(ties.get(prefix) or link_id(desk.tenant, x, y), rule, (x, y)))
    component.refused = now


def cut(desk: Desk, component: Component, found: Evaluation) -> None:
    """Put aside what is refused for certain. A component that falls apart becomes several."""
    loose = _loose(desk, component, found)
    if not loose:
        return
    parts = _parts(component, loose)
    part_of = {n: number for number, part in enumerate(parts) for n in part}
    for prefix, rule in loose.items():
        _, t, _, x, y = component.links[prefix]
        if rule == CONTESTED and part_of[x] == part_of[y]:
            continue  # it would be redundant, should its ends become one customer
        del component.links[prefix]
        component.refused.pop(prefix)
        ends = component.members[x], component.members[y]
        desk.put_aside(link_id(desk.tenant, *ends), t, ends, counts=rule not in OUT_RULES)
    if len(parts) > 1:
        _split(desk, component, parts)


def _loose(desk: Desk, component: Component, found: Evaluation) -> dict[int, str]:
    """The links that are refused for certain, and by which rule."""
    judged = component.judged() if component.commands else []
    loose = {}
    for at, rule in found.refused.items():
        prefix = found.links[at][2]
        link = component.links.get(prefix)
        if link is None or rule not in _CERTAIN:
            continue
        ends = component.members[link[3]], component.members[link[4]]
        if any((ends[0] in one and ends[1] in other) or (ends[1] in one and ends[0] in other) for one, other in judged):
            continue
        if certain := refusal(desk, ends, link[0], link[1]):
            loose[prefix] = certain
    return loose


def _parts(component: Component, loose: Iterable[int]) -> list[list[int]]:
    """The members that hold together without some links: the largest part first."""
    parent = list(range(len(component.members)))

    def find(n: int) -> int:
        while parent[n] != n:
            parent[n] = n = parent[parent[n]]
        return n

    without = set(loose)
    for prefix, link in component.links.items():
        if prefix not in without:
            parent[find(link[3])] = find(link[4])
    for fact in component.commands.values():
        first, *others = map(component.place, sorted(named(fact)))
        for other in others:
            parent[find(other)] = find(first)
    parts: dict[int, list[int]] = {}
    for n in range(len(parent)):
        parts.setdefault(find(n), []).append(n)
    return sorted(parts.values(), key=lambda part: (-len(part), part))


def _split(desk: Desk, component: Component, parts: list[list[int]]) -> None:
    first, *others = [_piece(component, part) for part in parts]
    desk.seat_piece(first, component.number)
    for piece in others:
        desk.seat_piece(piece)


def _piece(component: Component, part: list[int]) -> Component:
    """One part of a component, not yet numbered."""
    members = [component.members[n] for n in part]
    here, place = set(members), {n: at for at, n in enumerate(part)}
    piece = Component(0, members)
    piece.rows = [component.rows[n] for n in part]
    links: list[Link] = [link for link in component.links.values() if link[3] in place]
    piece.links = {link[2]: (*link[:3], place[link[3]], place[link[4]]) for link in links}
    piece.commands = {i: fact for i, fact in component.commands.items() if named(fact) & here}
    piece.special = component.special & here
    piece.recorded = {owner for owner in component.recorded if owner.identifier in here}
    known = piece.links.keys() | {i.int >> PREFIX for i in piece.commands}
    piece.refused = {prefix: rule for prefix, rule in component.refused.items() if prefix in known}
    return piece
