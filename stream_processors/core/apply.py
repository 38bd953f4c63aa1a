"""Facts of one run and one tenant, laid on the desk: what each makes to be looked at again."""

from collections.abc import Iterable, Sequence

from schemas.evidence import Evidence, link_id
from stream_processors.core.commands import PREFIX, moment_of, named
from stream_processors.core.component import Component
from stream_processors.core.cut import ASIDE
from stream_processors.core.desk import Desk, Turn
from stream_processors.core.kinds import class_of
from stream_processors.core.refusals import OUT_RULES, refusal
from stream_processors.core.settle import add, join, recount, take_in


def apply_links(desk: Desk, facts: Sequence[Evidence]) -> list[Evidence]:
    """Lay links on the desk; those that are new, or earlier than was known, are given back."""
    _prepare(desk, facts)
    return [fact for fact in facts if _apply_link(desk, fact)]


def apply_command(desk: Desk, fact: Evidence) -> bool:
    """Lay an operator's fact on the desk; false: it was there."""
    identifiers = sorted(named(fact))
    if not identifiers:
        return False
    component = desk.component(identifiers[0])
    if component and fact.fact_id in component.commands:
        return False
    component = desk.settle_in(identifiers[0])
    for identifier in identifiers[1:]:
        other = desk.settle_in(identifier)
        component = component if other is component else join(desk, component, other)
    component.commands[fact.fact_id] = fact
    if fact.fact == "keep_apart":
        _take_in_between(desk, fact.left, fact.right)
    elif fact.fact == "retract":
        _take_in_between(desk, identifiers, identifiers)
    return True


def _prepare(desk: Desk, facts: Iterable[Evidence]) -> None:
    """Take out of the memory, together, what these links are likely to need."""
    desk.bring(identifier for fact in facts for identifier in (*fact.left, *fact.right))
    numbers = []
    for fact in facts:
        ends = fact.left[0], fact.right[0]
        cls = class_of(*map(desk.kinds.of, ends))
        if desk.are_together(ends) or not refusal(desk, ends, cls, moment_of(fact)):
            numbers += [desk.seats[identifier].component for identifier in ends]
    desk.open(numbers)


def _apply_link(desk: Desk, fact: Evidence) -> bool:
    ends = fact.left[0], fact.right[0]
    t, link = moment_of(fact), fact.fact_id
    cls = class_of(*map(desk.kinds.of, ends))
    component = desk.component(ends[0]) if desk.are_together(ends) else None
    if component is not None:
        known = component.links.get(link.int >> PREFIX)
        if known and known[1] <= t:
            return False
        if known:
            add(desk, link, t, ends)
            return True
    if _may_be_aside(desk, ends) and (there := desk.beside.find([link])):
        since, counts = there[link]
        if since <= t:
            return False
        desk.take_back(link, since, ends, counts=counts)
        if counts:
            recount(desk, ends, since, is_gone=True)
        if desk.put_off.pop(link.int >> PREFIX, None) is None:
            desk.was_refused[link.int >> PREFIX] = ASIDE
    _place(desk, fact, cls, component)
    return True


def _may_be_aside(desk: Desk, ends: tuple[str, str]) -> bool:
    return all(seat.strong or seat.weak or seat.out for seat in map(desk.seat, ends))


def _place(desk: Desk, fact: Evidence, cls: int, component: Component | None) -> None:
    """A link that is new holds its ends together, or is put aside."""
    ends, t = (fact.left[0], fact.right[0]), moment_of(fact)
    rule = "" if component else refusal(desk, ends, cls, t)
    if not rule:
        add(desk, fact.fact_id, t, ends)
        return
    counts = rule not in OUT_RULES
    desk.put_aside(fact.fact_id, t, ends, counts=counts)
    prefix = fact.fact_id.int >> PREFIX
    if desk.was_refused.get(prefix) != ASIDE:
        desk.put_off[prefix] = Turn(fact.fact_id, rule, ends)
    if counts:
        recount(desk, ends, t)


def _take_in_between(desk: Desk, left: Iterable[str], right: Iterable[str]) -> None:
    """Links aside between two sides: what a command says of them is found in a component alone."""
    one, other = set(left), set(right)
    few, many = (one, other) if len(one) < len(other) else (other, one)
    for identifier in sorted(few):
        seat = desk.seat(identifier)
        beside = seat.strong + seat.weak + seat.out
        if beside > len(many):
            ids = {link_id(desk.tenant, identifier, far): far for far in sorted(many) if far != identifier}
            found = [(t, link, ids[link], counts) for link, (t, counts) in desk.beside.find(ids).items()]
        elif beside:
            found = [entry for entry in desk.beside.all_of(identifier) if entry[2] in many]
        else:
            continue
        for t, link, far, counts in found:
            take_in(desk, link, t, (identifier, far), counts=counts)
