"""What a run changed, in words: what `identity.changes` says to whoever asks how a customer came about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final
from uuid import UUID

from schemas.identity import State
from stream_processors.core.customers import Change, Writer
from stream_processors.core.desk import Turn
from stream_processors.core.owners import Owner, Row
from stream_processors.core.survey import Survey

_MOST_EVIDENCE: Final = 100  # facts told with one change
_CLOSED: Final[tuple[State, State]] = ("contested", "hub")


class Evidences:
    """The facts of a run by the identifiers that they name."""

    def __init__(self, facts: Iterable[tuple[UUID, Iterable[str]]]) -> None:
        self._by_name: dict[str, list[UUID]] = {}
        for fact_id, names in facts:
            for name in names:
                self._by_name.setdefault(name, []).append(fact_id)

    def of(self, identifiers: Iterable[str], members: Iterable[str] = ()) -> list[UUID]:
        """Those that name some of the identifiers; if none does, of the members; sorted."""
        for names in (identifiers, members):
            if found := {fact_id for name in names for fact_id in self._by_name.get(name, ())}:
                return list(islice(sorted(found), _MOST_EVIDENCE))
        return []


def changes_of(seen: Survey, facts: Evidences, writer: Writer) -> list[Change]:
    """All changes but those of single links and commands, in a settled order."""
    found = [change for owner in seen.new for change in _gained(owner, seen, facts, writer)]
    found += [change for owner in seen.old for change in _lost(owner, seen, facts, writer)]
    return found + [change for name in seen.changed for change in _closed(name, seen, facts, writer)]


def turned(turns: Iterable[Turn], rows: Mapping[str, Row], writer: Writer) -> Iterator[Change]:
    """Links that a rule refuses now, and those that hold after all."""
    for turn in sorted(turns):
        owners = {writer.id_of(rows[name][-1].owner) for name in turn.ends}
        what = "refused" if turn.rule else "accepted"
        yield Change(what, sorted(turn.ends), sorted(owners), turn.rule, [turn.link])


def absorbed(owner: Owner, seen: Survey) -> list[Owner]:
    """The profiles of several that are this one now."""
    mine = set(seen.new[owner])
    before = {span.owner for name in mine & seen.changed.keys() for span in seen.before[name]} - {owner}
    return sorted(
        old
        for old in before
        if len(seen.old.get(old, ())) > 1 and len(seen.new.get(old, ())) < 2 and old.identifier in mine  # noqa: PLR2004  several
    )


def _gained(owner: Owner, seen: Survey, facts: Evidences, writer: Writer) -> Iterator[Change]:
    """A profile of several took in others, or single identifiers."""
    mine = seen.new[owner]
    if len(mine) < 2 or owner.alone:  # noqa: PLR2004
        return
    changed = sorted(seen.changed.keys() & set(mine))
    if old := absorbed(owner, seen):
        moved = [name for name in changed if any(span.owner in old for span in seen.before[name])]
        yield Change("merged", moved, [writer.id_of(one) for one in (owner, *old)], "", facts.of(moved, mine))
    new = [name for name in changed if not any(len(seen.old.get(span.owner, ())) > 1 for span in seen.before[name])]
    if new:
        yield Change("linked", new, [writer.id_of(owner)], "", facts.of(new, mine))


def _lost(owner: Owner, seen: Survey, facts: Evidences, writer: Writer) -> Iterator[Change]:
    """A profile of several lost some to others, or to themselves."""
    mine = seen.old[owner]
    if len(seen.old[owner]) < 2 or owner.alone:  # noqa: PLR2004
        return
    remains = owner if seen.new[owner] else seen.now(owner.identifier)
    others: dict[str, list[Owner]] = {}
    for name in sorted(seen.changed.keys() & set(mine)):
        gained = {span.owner for span in seen.after[name]} - {span.owner for span in seen.before[name]}
        if went := sorted(one for one in gained if one != remains and not one.alone):
            others[name] = went
    if others:
        to = sorted({one for some in others.values() for one in some})
        yield Change("split", sorted(others), [writer.id_of(one) for one in (owner, *to)], "", facts.of(others, mine))


def _closed(name: str, seen: Survey, facts: Evidences, writer: Writer) -> Iterator[Change]:
    """An identifier became nobody's, or is so no more."""
    before, after = _states(seen.before[name]), _states(seen.after[name])
    claimants = sorted({writer.id_of(span.owner) for span in seen.after[name] if not span.owner.alone})
    for state in _CLOSED:
        if state in after and state not in before:
            yield Change(state, [name], claimants, "", facts.of([name], _members(name, seen)))
    if before & set(_CLOSED) and not after & set(_CLOSED):
        yield Change("cleared", [name], claimants, "", facts.of([name], _members(name, seen)))


def _states(row: Row) -> set[State]:
    return {span.state for span in row}


def _members(name: str, seen: Survey) -> Sequence[str]:
    rows = (*seen.before[name], *seen.after[name])
    return sorted({other for span in rows for other in (*seen.old.get(span.owner, ()), *seen.new.get(span.owner, ()))})
