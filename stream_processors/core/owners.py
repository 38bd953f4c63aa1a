"""Whose each identifier is and was: what an evaluation says of every moment, gapless."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from schemas.identity import BEGIN, END, Range, State
from schemas.ids import uuid_of
from stream_processors.core.evaluate import Evaluation


class Owner(NamedTuple):
    """A profile before it has an id: its root, how often that was erased, its era; `alone`: nobody's."""

    identifier: str
    epoch: int = 0
    since: int = BEGIN
    alone: bool = False


class Span(NamedTuple):
    """A range of an identifier, as `schemas.identity.Range`."""

    since: int
    until: int
    owner: Owner
    state: State


Row = tuple[Span, ...]


def implicit(identifier: str) -> Row:
    """The row of an identifier that nothing was said of: it is a profile by itself, and needs no record."""
    return (Span(BEGIN, END, Owner(identifier), "own"),)


def profile(tenant: str, owner: Owner) -> UUID:
    """The id of a profile; of an owner that is only an identifier, `schemas.ids.profile_id`."""
    return uuid_of(profile_name(tenant, owner))


def profile_name(tenant: str, owner: Owner) -> str:
    """What the id of a profile is made from."""
    era = f"|{owner.since}" if owner.since != BEGIN else ""
    return f"{tenant}|{owner.identifier}|{owner.epoch}{era}{'|alone' if owner.alone else ''}"


def ranges(tenant: str, row: Row) -> list[Range]:
    """A row with the ids of its profiles."""
    return [Range(span.since, span.until, profile(tenant, span.owner), span.state) for span in row]


def rows_of(found: Evaluation) -> list[Row]:
    """The rows of all identifiers of a component, in their order."""
    sizes = Counter(found.root)
    whole: dict[int, Row] = {}
    for root, size in sizes.items():
        whole[root] = (Span(BEGIN, END, owner_of(found, root), "linked" if size > 1 else "own"),)
    if not found.nodes.later and not found.contested and not found.hubs:
        return [whole[root] for root in found.root]
    return [_row(found, found.nodes.of(member), whole) for member in range(len(found.nodes.members))]


def owner_of(found: Evaluation, n: int, *, alone: bool = False) -> Owner:
    """A node as the root of a profile."""
    nodes = found.nodes
    identifier = nodes.members[nodes.member[n]]
    return Owner(identifier, found.epochs.get(identifier, 0), nodes.since[n], alone)


def _row(found: Evaluation, eras: Sequence[int], whole: dict[int, Row]) -> Row:
    if len(eras) == 1 and eras[0] not in found.contested and eras[0] not in found.hubs:
        return whole[found.root[eras[0]]]
    row = []
    for n in eras:
        since, until = found.nodes.since[n], found.nodes.until[n]
        owner, state = whole[found.root[n]][0][2:]
        if n in found.hubs:
            row.append(Span(since, until, owner_of(found, n, alone=True), "hub"))
        elif n in found.contested:
            t = found.contested[n].t
            if t > since:
                row.append(Span(since, t, owner, state))
            row.append(Span(t, until, owner_of(found, n, alone=True), "contested"))
        else:
            row.append(Span(since, until, owner, state))
    return tuple(row)
