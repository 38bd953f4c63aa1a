"""What is said of plain components: records, and what to keep; as `survey`, `profiles` and `changes` would have it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from schemas.evidence import Evidence
from stream_processors.core.changes import Evidences
from stream_processors.core.commands import named
from stream_processors.core.customers import Change, Portrait, Writer
from stream_processors.core.desk import Desk
from stream_processors.core.kept import Kept
from stream_processors.core.owners import Owner
from stream_processors.core.plain import Group, Joined, groups_of, joined
from stream_processors.core.resolution import Resolution


def take_plain(
    desk: Desk, links: Sequence[Evidence], others: Iterable[Evidence], writer: Writer, done: Resolution, *, quiet: bool
) -> list[Evidence]:
    """Resolve what is plain; the links that are not.

    Args:
        desk: only read; what to keep goes to `done`.
        links: of one run; none of an identifier with itself.
        others: what else the run says.
        writer: of the records.
        done: where they go.
        quiet: write none.
    """
    names = frozenset(name for fact in others for name in named(fact))
    desk.bring(name for fact in links for name in (fact.left[0], fact.right[0]))
    desk.bring(sorted(names))
    groups = groups_of(desk, links, names)
    desk.load(key for group in groups if group.is_plain for key in group.keys if isinstance(key, int))
    rest: list[Evidence] = []
    for group in groups:
        one = joined(desk, group) if group.is_plain else None
        if one is None:
            rest += group.links
        else:
            _tell(desk, group, one, writer, done, quiet=quiet)
    return rest


class _Story(NamedTuple):
    """How a plain component came about.

    Attributes:
        owner: whose it is.
        before: by changed member, whose it was.
        several: profiles of several that are this one now, sorted.
        recorded: profiles that have a record and do not need it.
        moved: those of them whose record must say whose they are now, sorted.
        was_several: it was one of several before.
    """

    owner: Owner
    before: dict[str, Owner]
    several: list[Owner]
    recorded: set[Owner]
    moved: list[Owner]
    was_several: bool


def _tell(desk: Desk, group: Group, one: Joined, writer: Writer, done: Resolution, *, quiet: bool) -> None:
    done.links["known"] += len(group.links) - len(one.fresh)
    if not one.fresh:
        return
    done.links["accepted"] += len(one.fresh)
    if _has_grown(one):
        number, part = one.parts[0]
        desk.keep_plain(
            number, Kept(one.members, one.links, [one.root], recorded=part.recorded), (), one.single, done.writes
        )
        if one.single and not quiet:
            _write_growth(one, writer, done)
        return
    story = _story(one)
    number = one.parts[0][0] if one.parts else desk.numbers.next()
    kept = Kept(one.members, one.links, [one.root], recorded=sorted(story.recorded))
    desk.keep_plain(number, kept, one.parts[1:], one.single, done.writes)
    if story.before:
        done.merges += len(story.several)
        done.profiles_delta += 1 - len(story.several) - story.was_several
        if not quiet:
            _write(one, story, writer, done)


def _has_grown(one: Joined) -> bool:
    """Whether one profile of several took in single identifiers, or none, and remains: what nearly all links do."""
    if len(one.parts) != 1:
        return False
    part = one.parts[0][1]
    return 1 < len(part.members) > one.root == part.roots[0]


def _write_growth(one: Joined, writer: Writer, done: Resolution) -> None:
    owner = writer.id_of(Owner(one.members[one.root]))
    names = one.single if len(one.single) == 1 else sorted(one.single)
    done.map += writer.linked(names, owner)
    done.profiles.append(writer.customer(owner, one.members))
    done.changes.append(writer.change(Change("linked", names, [owner], "", _evidence(one, names))))


def _write(one: Joined, story: _Story, writer: Writer, done: Resolution) -> None:
    owner = writer.id_of(story.owner)
    done.map += writer.linked(sorted(story.before), owner)
    done.profiles.append(writer.customer(owner, one.members))
    for gone in story.moved:
        done.profiles.append(writer.portrait(Portrait(gone, story.owner, [], {}, is_needed=False)))
    done.changes += map(writer.change, _changes(one, story, writer))


def _story(one: Joined) -> _Story:
    owner = Owner(one.members[one.root])
    before = {name: Owner(name) for name in one.single}
    recorded: set[Owner] = set()
    several = []
    was_several = False
    for _, part in one.parts:
        old = Owner(part.members[part.roots[0]])
        if part.recorded:
            recorded.update(part.recorded)
        if len(part.members) == 1 or old != owner:
            before |= dict.fromkeys(part.members, old)
        if len(part.members) > 1:
            was_several = was_several or old == owner
            if old != owner:
                several.append(old)
    if not (recorded or several):
        return _Story(owner, before, several, recorded, several, was_several)
    recorded.update(several)
    moved = sorted(old for old in recorded if old != owner and old.identifier in before)
    recorded.discard(owner)
    return _Story(owner, before, sorted(several), recorded, moved, was_several)


def _changes(one: Joined, story: _Story, writer: Writer) -> list[Change]:
    changes = []
    if story.several:
        moved = sorted(name for name, owner in story.before.items() if owner in story.several)
        owners = [writer.id_of(owner) for owner in (story.owner, *story.several)]
        changes.append(Change("merged", moved, owners, "", _evidence(one, moved)))
    new = sorted(name for name, owner in story.before.items() if owner not in story.several)
    if new:
        changes.append(Change("linked", new, [writer.id_of(story.owner)], "", _evidence(one, new)))
    return changes


def _evidence(one: Joined, names: Sequence[str]) -> Sequence[UUID]:
    """The links of the run by which these identifiers came."""
    if len(one.fresh) == 1:
        return [one.fresh[0].fact_id]
    return Evidences((fact.fact_id, named(fact)) for fact in one.fresh).of(names, one.members)
