"""Which profiles have a record, and what it says: customers, and profiles that are somebody else's now."""

from collections.abc import Iterator

from stream_processors.core.customers import Portrait
from stream_processors.core.desk import Desk
from stream_processors.core.kept import Traits
from stream_processors.core.owners import Owner
from stream_processors.core.survey import Survey, entries, traits_of_profile
from stream_processors.core.traits import TraitBook


def portraits(
    desk: Desk, book: TraitBook, seen: Survey, recorded: frozenset[Owner], told: frozenset[str]
) -> list[Portrait]:
    """The records to write.

    A profile of one identifier without traits needs none; but one that had a record is told of, for as long as it is.

    Args:
        desk: with the seats of all whom `seen` has.
        book: of their traits.
        seen: what changed.
        recorded: profiles that have a record, and do not need it.
        told: identifiers that had no trait before.
    """
    book.bring(name for some in seen.new.values() for name in some if desk.has_traits(name))
    found = []
    for owner, names in seen.new.items():
        traits = traits_of_profile(owner, names, seen.after, desk, book)
        if len(names) > 1 or traits or owner in recorded or _had_record(desk, seen, owner, told):
            found.append(_portrait(owner, seen, traits))
    return found + [_portrait(owner, seen, {}) for owner in _moved(seen, recorded)]


def _had_record(desk: Desk, seen: Survey, owner: Owner, told: frozenset[str]) -> bool:
    old = seen.old[owner]
    return len(old) > 1 or any(desk.has_traits(name) and name not in told for name in old)


def _portrait(owner: Owner, seen: Survey, traits: Traits) -> Portrait:
    names = seen.new.get(owner, ())
    now = seen.now(owner.identifier)
    is_needed = bool(traits) or len(names) > 1
    by = None if is_needed or now == owner else now
    return Portrait(owner, by, [] if by else entries(owner, names, seen.after), traits, is_needed)


def _moved(seen: Survey, recorded: frozenset[Owner]) -> Iterator[Owner]:
    """Profiles that are no more, whose roots belong to somebody else than before."""
    for owner in sorted(recorded - seen.new.keys()):
        row = seen.before.get(owner.identifier)
        if row is not None and row[-1].owner != seen.now(owner.identifier):
            yield owner
