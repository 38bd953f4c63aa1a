"""Links that are refused for certain by how their ends stand, whatever else their component comes to.

They do not hold components together, or a switchboard's number would make one of a hundred thousand customers: they
are kept aside, under both ends, and taken back when an end no longer refuses them.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from schemas.identity import END
from stream_processors.core.clusters import CONTESTED, HUB
from stream_processors.core.desk import Desk
from stream_processors.core.evaluate import BLOCKED, ERASED
from stream_processors.core.kept import Closing

OUT_RULES: Final = frozenset({BLOCKED, ERASED})  # whoever refuses so does not count either


def refusal(desk: Desk, ends: Iterable[str], cls: int, t: int) -> str:
    """The rule by which one end or the other refuses any such link; empty: neither does for certain."""
    rules = {_refusal(desk, identifier, cls, t) for identifier in ends}
    return next((rule for rule in (ERASED, BLOCKED, HUB, CONTESTED) if rule in rules), "")


def _refusal(desk: Desk, identifier: str, cls: int, t: int) -> str:
    seat = desk.seat(identifier)
    if t < seat.erased:
        return ERASED
    if seat.blocked or desk.kinds.is_blocked(identifier):
        return BLOCKED
    closing = closing_at(seat.closings, t)
    if closing is None:
        return ""
    if closing.busy <= t:
        return HUB
    return CONTESTED if closing.contested < t and closing.cls <= cls else ""


def closing_at(closings: Sequence[Closing], t: int) -> Closing | None:
    """How an identifier is closed in the era in which `t` lies."""
    return next((closing for closing in closings if closing.since <= t < closing.until), None)


def has_opened(before: Sequence[Closing], now: Sequence[Closing]) -> bool:
    """Whether an identifier takes links that it refused, or its eras are others."""
    eras = {(closing.since, closing.until): closing for closing in now}
    for old in before:
        new = eras.get((old.since, old.until))
        if new is None or new.busy > old.busy or new.contested > old.contested:
            return True
        if old.contested < END and new.cls > old.cls:
            return True
    return False
