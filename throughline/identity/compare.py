"""Two judgements of the same identifiers side by side: which customers merged, split or changed, and what moves."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

from schemas.identity import Range

Owners = Callable[[str], Sequence[Range]]
What = Literal["merged", "split", "moved"]


class Move(NamedTuple):
    """What happened with `identifier` from `since` to before `until` (ms) goes from one profile to another."""

    identifier: str
    since: int
    until: int
    before: UUID
    after: UUID


@dataclass(frozen=True, slots=True)
class Picture:
    """A profile as it is now: its identifiers; or one identifier that is nobody's (state contested or hub)."""

    profile: UUID
    identifiers: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """Profiles that exchange identifiers, before and after; each identifier is in one of either."""

    before: tuple[Picture, ...]
    after: tuple[Picture, ...]
    moves: tuple[Move, ...]

    @property
    def what(self) -> What:
        """merged: several became one; split: one became several; moved: anything else."""
        if len(self.after) == 1 < len(self.before):
            return "merged"
        return "split" if len(self.before) == 1 < len(self.after) else "moved"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """All concerned, sorted."""
        return tuple(sorted(name for picture in self.before for name in picture.identifiers))


def moves(identifier: str, before: Sequence[Range], after: Sequence[Range]) -> Iterator[Move]:
    """The stretches of time in which its owner differs; both are gapless, so are walked side by side."""
    old, new = 0, 0
    while old < len(before) and new < len(after):
        one, other = before[old], after[new]
        until = min(one.until, other.until)
        if one.profile != other.profile:
            yield Move(identifier, max(one.since, other.since), until, one.profile, other.profile)
        old += one.until == until
        new += other.until == until


def pictures(identifiers: Iterable[str], owners: Owners) -> list[Picture]:
    """The profiles of identifiers now, by their first identifier."""
    grouped: dict[UUID, list[str]] = {}
    states: dict[UUID, str] = {}
    for name in sorted(identifiers):
        owner = owners(name)[-1]
        grouped.setdefault(owner.profile, []).append(name)
        states[owner.profile] = owner.state
    return [Picture(profile, tuple(names), states[profile]) for profile, names in grouped.items()]


def changes(identifiers: Iterable[str], before: Owners, after: Owners) -> list[Change]:
    """How the profiles of identifiers change: groups that exchange identifiers, by their first one."""
    everybody = _concerned(list(identifiers), before, after)
    old, new = pictures(everybody, before), pictures(everybody, after)
    group = _groups(everybody, old, new)
    concerned: dict[str, tuple[list[Picture], list[Picture], list[Move]]] = {}
    for name in everybody:
        concerned.setdefault(group[name], ([], [], []))[2].extend(moves(name, before(name), after(name)))
    for picture in old:
        concerned[group[picture.identifiers[0]]][0].append(picture)
    for picture in new:
        concerned[group[picture.identifiers[0]]][1].append(picture)
    return [
        Change(tuple(were), tuple(are), tuple(moved))
        for were, are, moved in concerned.values()
        if moved or (len(were), len(are)) != (1, 1)
    ]


def _concerned(identifiers: Sequence[str], before: Owners, after: Owners) -> list[str]:
    """Those that are another's before or after, and all that share a profile with them, sorted."""
    differing = {name for name in identifiers if before(name) != after(name)}
    profiles = {owners(name)[-1].profile for name in differing for owners in (before, after)}
    return sorted(name for name in identifiers if name in differing or before(name)[-1].profile in profiles)


def _groups(everybody: Sequence[str], *sides: Sequence[Picture]) -> dict[str, str]:
    """For each identifier the first of those that are of one profile with it, before or after, by whatever chain."""
    parent = {name: name for name in everybody}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for picture in (picture for side in sides for picture in side):
        for name in picture.identifiers:
            one, other = sorted((root(picture.identifiers[0]), root(name)))
            parent[other] = one
    return {name: root(name) for name in everybody}
