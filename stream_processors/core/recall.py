"""The whole memory, told again: every row and profile after a rebuild, every fact for a memory with other rules."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, islice
from uuid import UUID

import msgspec

from schemas.evidence import Evidence, link_id, traits_id
from schemas.identity import Rules
from stream_processors.core import kept
from stream_processors.core.component import Component
from stream_processors.core.customers import Writer
from stream_processors.core.desk import Desk
from stream_processors.core.kept import Memory, Numbers, Traits
from stream_processors.core.kinds import Kinds
from stream_processors.core.owners import implicit
from stream_processors.core.profiles import portraits
from stream_processors.core.resolution import Resolution
from stream_processors.core.survey import Survey, holdings
from stream_processors.core.traits import TraitBook

_PIECE = 2_000  # components, or identifiers, that are told at a time


def everything(memory: Memory, rules: Rules, *, version: int, at: int) -> Iterator[Resolution]:
    """The rows of all identifiers, and all profiles that have a record, piece by piece; nothing to write.

    An identifier that is known, and is its own implicit profile, gets an empty row.
    """
    kinds = Kinds(rules)
    components = ((key, value) for key, value in memory.scan(b"c", b"d"))
    for tenant, some in groupby(components, lambda pair: kept.split_key(pair[0])[0]):
        while piece := list(islice(some, _PIECE)):
            found = [Component.of(int.from_bytes(key[-8:], "big"), kept.read_kept(value)) for key, value in piece]
            yield _tell(Desk(tenant, memory, kinds, Numbers(memory)), found, Writer(tenant, version, at), memory)
    seats = ((key, value) for key, value in memory.scan(b"i", b"j") if not kept.read_seat(value).component)
    for tenant, some in groupby(seats, lambda pair: kept.split_key(pair[0])[0]):
        while piece := list(islice(some, _PIECE)):
            found = [Component(0, [kept.split_key(key)[1].decode()]) for key, _ in piece]
            yield _tell(Desk(tenant, memory, kinds, Numbers(memory)), found, Writer(tenant, version, at), memory)


def _tell(desk: Desk, found: Iterable[Component], writer: Writer, memory: Memory) -> Resolution:
    done = Resolution()
    rows = {name: row for component in found for name, row in zip(component.members, component.rows, strict=True)}
    desk.bring(name for component in found for name in sorted(component.special or component.members[:1]))
    owners = {span.owner for row in rows.values() for span in row}
    owners |= {owner for component in found for owner in component.recorded}
    seen = Survey(rows, rows, dict.fromkeys(sorted(rows)), {owner: [] for owner in owners}, holdings(rows, owners))
    for name in seen.changed:
        done.map.append(writer.map(name, () if rows[name] == implicit(name) else rows[name]))
    recorded = frozenset(owner for component in found for owner in component.recorded)
    for one in portraits(desk, TraitBook(desk.tenant, memory), seen, recorded, frozenset()):
        done.profiles.append(writer.portrait(one))
    return done


def facts_of(memory: Memory) -> Iterator[Evidence]:
    """All facts of which the memory holds the meaning: links, what operators said, and the latest traits.

    Of an interaction they name what is kept: of links its time alone.
    """
    for key, value in memory.scan(b"c", b"d"):
        tenant, number = kept.split_key(key)
        component = Component.of(int.from_bytes(number, "big"), kept.read_kept(value))
        for _, t, _, x, y in component.links.values():
            yield _link(tenant, component.members[x], component.members[y], t)
        yield from component.commands.values()
    for key, value in memory.scan(b"a", b"b"):
        tenant, one = kept.split_aside(key)
        other = value.decode()
        if one < other:  # it is there under both its ends
            yield _link(tenant, one, other, kept.read_place(key)[1])
    for key, value in memory.scan(b"t", b"u"):
        tenant, name = kept.split_key(key)
        yield from _traits(tenant, name.decode(), kept.read_traits(value))


def _link(tenant: str, one: str, other: str, t: int) -> Evidence:
    return Evidence(tenant, link_id(tenant, one, other), "link", _time(t), (one,), (other,))


def _traits(tenant: str, identifier: str, traits: Traits) -> Iterator[Evidence]:
    said: dict[tuple[int, bytes, str], dict[str, msgspec.Raw]] = {}
    for name, trait in traits.items():
        said.setdefault((trait.at, trait.event, trait.source), {})[name] = msgspec.Raw(trait.value)
    for (t, event, source), values in sorted(said.items(), key=lambda pair: pair[0]):
        event_id = UUID(bytes=event) if event else None
        yield Evidence(
            tenant,
            traits_id(tenant, identifier, event_id or UUID(int=0)),
            "traits",
            _time(t),
            (identifier,),
            event_id=event_id,
            source=source,
            traits=msgspec.Raw(msgspec.json.encode(values)),
        )


def _time(t: int) -> datetime:
    return datetime.fromtimestamp(t // 1000, UTC).replace(microsecond=t % 1000 * 1000)
