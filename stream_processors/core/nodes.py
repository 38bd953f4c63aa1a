"""Nodes: identifiers in their eras, numbered. The first are the identifiers in their first eras, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.identity import BEGIN, END
from stream_processors.core.commands import Commands


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of a component.

    Attributes:
        members: its identifiers.
        member: by node, the number of its identifier.
        since, until: by node, its era, in milliseconds since 1970.
        later: by number of an identifier that has several eras, its nodes in order of time.
    """

    members: Sequence[str]
    member: Sequence[int]
    since: Sequence[int]
    until: Sequence[int]
    later: dict[int, list[int]]

    def at(self, member: int, t: int) -> int:
        """The node of an identifier at a moment."""
        eras = self.later.get(member)
        return member if eras is None else next(n for n in reversed(eras) if self.since[n] <= t)

    def of(self, member: int) -> Sequence[int]:
        """All nodes of an identifier, in order of time."""
        return self.later.get(member, (member,))


def nodes_of(members: Sequence[str], said: Commands) -> Nodes:
    """Identifiers, cut into their eras."""
    size = len(members)
    if not said.cuts:
        return Nodes(members, range(size), [BEGIN] * size, [END] * size, {})
    member, since, until, later = list(range(size)), [BEGIN] * size, [END] * size, {}
    for number, identifier in enumerate(members):
        first, *others = said.eras(identifier)
        if others:
            until[number] = first[1]
            later[number] = [number, *range(len(member), len(member) + len(others))]
            member.extend([number] * len(others))
            since.extend(era[0] for era in others)
            until.extend(era[1] for era in others)
    return Nodes(members, member, since, until, later)
