"""Components are evaluated until none changes what stands beside it; then they fall into their parts.

Each step makes components larger, never smaller, until all is settled: so it ends. What a component comes to does not
depend on links that are refused for certain, so that it may then be cut at these without being evaluated again.
"""

from uuid import UUID

from schemas.identity import END
from stream_processors.core.clusters import CONTESTED
from stream_processors.core.commands import PREFIX, Commands
from stream_processors.core.component import Component
from stream_processors.core.cut import ASIDE, compare, cut
from stream_processors.core.desk import Desk
from stream_processors.core.evaluate import Evaluation, evaluate
from stream_processors.core.kept import STRONG, WEAK, Closing
from stream_processors.core.kinds import class_of
from stream_processors.core.owners import rows_of
from stream_processors.core.refusals import OUT_RULES, closing_at, has_opened, refusal


def settle(desk: Desk) -> None:
    """Evaluate what is dirty, and what that makes dirty; then cut."""
    while desk.dirty:
        number = next(iter(desk.dirty))
        del desk.dirty[number]
        _evaluate(desk, desk.worked[number])
    for component in list(desk.worked.values()):
        if component.found is not None:
            compare(desk, component, component.found)
            cut(desk, component, component.found)


def glue(desk: Desk, ends: tuple[str, str]) -> Component:
    """The one component of two identifiers, from now on."""
    one, other = desk.settle_in(ends[0]), desk.settle_in(ends[1])
    return one if one is other else join(desk, one, other)


def join(desk: Desk, one: Component, other: Component) -> Component:
    """Make one component of two, and take in the links between them that were aside and may be redundant now."""
    small = min((one, other), key=lambda component: (len(component.members), -component.number))
    moved = sorted(small.special)
    whole = desk.join(one, other)
    for identifier in moved:
        seat = desk.seat(identifier)
        if seat.strong or seat.weak:
            _take_redundant(desk, identifier, whole)
    return whole


def take_in(desk: Desk, link: UUID, t: int, ends: tuple[str, str], *, counts: bool) -> None:
    """A link that was aside joins the components of its ends."""
    if desk.put_off.pop(link.int >> PREFIX, None) is None:
        desk.was_refused.setdefault(link.int >> PREFIX, ASIDE)
    desk.take_back(link, t, ends, counts=counts)
    add(desk, link, t, ends)


def add(desk: Desk, link: UUID, t: int, ends: tuple[str, str]) -> None:
    """A link holds its ends in one component."""
    cls = class_of(desk.kinds.of(ends[0]), desk.kinds.of(ends[1]))
    glue(desk, ends).add(cls, t, link.int >> PREFIX, ends)


def recount(desk: Desk, ends: tuple[str, str], t: int, *, is_gone: bool = False) -> None:
    """Evaluate those ends of a link aside that become a hub by it, or are none any more now that it is gone."""
    few = min(desk.kinds.rules.hub, desk.kinds.rules.degree)
    for identifier, other in (ends, ends[::-1]):
        seat = desk.seat(identifier)
        closing = closing_at(seat.closings, t)
        if is_gone:
            if closing and closing.busy < END:
                desk.settle_in(identifier)
        elif closing and closing.busy <= t and (closing.crowded or desk.kinds.of(other).shared):
            continue
        else:
            component = desk.component(identifier)
            if seat.strong + seat.weak + (component.degree(identifier) if component else 0) > few:
                desk.settle_in(identifier)


def _take_redundant(desk: Desk, identifier: str, whole: Component) -> None:
    found = []
    for status in (STRONG, WEAK):
        for since, until in _open_times(desk, identifier):
            found += list(desk.beside.of(identifier, status, since, until))
    desk.bring(other for _, _, other in found)
    for t, link, other in found:
        if desk.seat(other).component == whole.number and desk.beside.has_still(link):
            take_in(desk, link, t, (identifier, other), counts=True)


def _open_times(desk: Desk, identifier: str) -> list[tuple[int, int]]:
    """When an identifier is not busy: its links aside of these times are few."""
    times, since = [], 0
    for closing in desk.seat(identifier).closings:
        if closing.busy < END:
            times.append((since, closing.busy))
            since = closing.until
    return [*times, (since, END)]


def _evaluate(desk: Desk, component: Component) -> None:
    desk.bring(sorted(component.special))
    said = component.said
    found = evaluate(component.members, sorted(component.links.values()), said, desk.kinds, desk)
    component.found = found
    component.rows = rows_of(found)
    closings = _closings(found)
    opened = []
    for identifier in sorted(component.special | closings.keys() | said.blocked | said.erased.keys()):
        if _close(desk, identifier, closings.get(identifier, ()), said):
            opened.append(identifier)
        if not desk.seat(identifier).is_plain:
            component.special.add(identifier)
    for identifier in opened:
        _look_again(desk, identifier)


def _closings(found: Evaluation) -> dict[str, tuple[Closing, ...]]:
    nodes, closings = found.nodes, dict[str, tuple[Closing, ...]]()
    for n in sorted(found.busy.keys() | found.contested.keys(), key=lambda n: nodes.since[n]):
        contest = found.contested.get(n)
        closing = Closing(
            since=nodes.since[n],
            until=nodes.until[n],
            busy=found.busy.get(n, END),
            contested=contest.t if contest else END,
            cls=contest.cls if contest else 0,
            crowded=n in found.crowded,
        )
        identifier = nodes.members[nodes.member[n]]
        closings[identifier] = (*closings.get(identifier, ()), closing)
    return closings


def _close(desk: Desk, identifier: str, closings: tuple[Closing, ...], said: Commands) -> bool:
    """Keep how an identifier stands now; true: its links aside must be looked at again."""
    seat = desk.seat(identifier)
    before = seat.blocked, seat.erased
    now = identifier in said.blocked, said.erased.get(identifier, 0)
    if (seat.closings, before) == (closings, now):
        return False
    opened = before != now or has_opened(seat.closings, closings)
    desk.touch(identifier)
    seat.closings = closings
    seat.blocked, seat.erased = now
    return opened and bool(seat.strong or seat.weak or seat.out)


def _look_again(desk: Desk, identifier: str) -> None:
    """Which links aside of an identifier are still refused for certain, and do they count?"""
    found = desk.beside.all_of(identifier)
    desk.bring(other for _, _, other, _ in found)
    for t, link, other, counts in found:
        ends = (identifier, other)
        if not desk.beside.has_still(link):
            continue
        rule = refusal(desk, ends, class_of(desk.kinds.of(identifier), desk.kinds.of(other)), t)
        if not rule or (rule == CONTESTED and desk.are_together(ends)):
            take_in(desk, link, t, ends, counts=counts)
        elif counts != (rule not in OUT_RULES):
            desk.take_back(link, t, ends, counts=counts)
            desk.put_aside(link, t, ends, counts=not counts)
            recount(desk, ends, t, is_gone=counts)
