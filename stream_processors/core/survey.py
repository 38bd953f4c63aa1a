"""Rows and profiles of one tenant before a run and after it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stream_processors.core.customers import entry
from stream_processors.core.desk import Desk
from stream_processors.core.kept import Trait, Traits
from stream_processors.core.owners import Owner, Row, implicit
from stream_processors.core.traits import TraitBook, together

Holdings = dict[Owner, list[str]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run changed.

    Attributes:
        before, after: whose each identifier was and is, that may have changed.
        changed: the identifiers whose rows differ, in their order.
        old, new: of each profile that may have changed, its identifiers before and after, once for each range.
    """

    before: Mapping[str, Row]
    after: Mapping[str, Row]
    changed: Mapping[str, None]
    old: Holdings
    new: Holdings

    def now(self, identifier: str) -> Owner:
        """Whose an identifier is now: the owner of its last range."""
        return self.after[identifier][-1].owner


def survey(desk: Desk, told: Iterable[str]) -> Survey:
    """Compare. `told`: identifiers whose traits have changed, or count otherwise."""
    after: dict[str, Row] = {}
    for component in desk.worked.values():
        after.update(zip(component.members, component.rows, strict=True))
    before = dict(desk.before)
    for identifier in told:
        if identifier not in after:
            beside = desk.component(identifier)
            rows = dict(zip(beside.members, beside.rows, strict=True)) if beside else {identifier: implicit(identifier)}
            after |= rows
            before |= rows
    for identifier in after.keys() - before.keys():
        before[identifier] = implicit(identifier)
    changed = dict.fromkeys(sorted(identifier for identifier, row in after.items() if before[identifier] != row))
    affected = {span.owner for name in changed for row in (before[name], after[name]) for span in row}
    affected |= {span.owner for identifier in told for span in after[identifier]}
    return Survey(before, after, changed, holdings(before, affected), holdings(after, affected))


def holdings(rows: Mapping[str, Row], owners: Iterable[Owner]) -> Holdings:
    """Of each of these profiles its identifiers, once for each range."""
    found: Holdings = {owner: [] for owner in sorted(owners)}
    for identifier, row in rows.items():
        for span in row:
            if span.owner in found:
                found[span.owner].append(identifier)
    return found


def entries(owner: Owner, identifiers: Iterable[str], rows: Mapping[str, Row]) -> list[bytes]:
    """What a profile says of its identifiers: one entry a range; one that ends by a contest is contested."""
    said = []
    for identifier in sorted(set(identifiers)):
        row = rows[identifier]
        for span, following in zip(row, (*row[1:], None), strict=True):
            if span.owner == owner:
                is_closed = following is not None and following.state == "contested"
                said.append(entry(identifier, span.since, "contested" if is_closed else span.state))
    return said


def traits_of_profile(
    owner: Owner, identifiers: Iterable[str], rows: Mapping[str, Row], desk: Desk, book: TraitBook
) -> Traits:
    """The traits of a profile: each counts for whose its identifier was at that moment."""
    some: list[tuple[str, Trait]] = []
    for identifier in sorted(set(identifiers)):
        erased = desk.seat(identifier).erased if desk.has_traits(identifier) else 0
        for name, trait in book.of(identifier).items():
            if trait.at >= erased and owner_at(rows[identifier], trait.at) == owner:
                some.append((name, trait))
    return together(some, desk.kinds.rules.consent)


def owner_at(row: Row, t: int) -> Owner:
    """Whose an identifier was at a moment."""
    return next(span.owner for span in reversed(row) if span.since <= t)
