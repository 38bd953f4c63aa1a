"""What the resolver's memory holds, as keys and bytes.

The first letter of a key says what is there; then comes the tenant, with its length:

    i  identifier                            its seat: which component it is in, and how it stands
    c  number (u64)                          a component, whole
    a  identifier, status, time, link id     a link aside, under each of its two ends, in order of time
    p  link id                               the same link, found by its id: its time, and whether it counts
    t  identifier                            its traits
    n  (no tenant)                           how many components there have been

All numbers in keys are big-endian, so that they sort as they follow each other.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol
from uuid import UUID

import msgspec

from schemas.identity import END
from stream_processors.core.clusters import Link
from stream_processors.core.owners import Owner, Row

NUMBERS: Final = b"n"
STRONG, WEAK, OUT = b"s", b"w", b"x"  # of a link aside: its other end is strong, shared; it counts for nothing
_PLACE: Final = 1 + 8 + 16  # status, time and id of a link aside, the end of its key


Writes = dict[bytes, bytes | None]  # what to put in the memory; None: the key goes


class Memory(Protocol):
    """The state of one shard; bytes to bytes, in order of the keys."""

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        """The value of each key, None where there is none."""

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """All from `start` to before `stop`, in order."""


class Numbers:
    """Numbers for new components, for all tenants of a shard."""

    def __init__(self, memory: Memory) -> None:
        (value,) = memory.get([NUMBERS])
        self._last = int.from_bytes(value or b"", "big")
        self.writes: Writes = {}

    def next(self) -> int:
        """One that no component has had."""
        self._last += 1
        self.writes[NUMBERS] = self._last.to_bytes(8, "big")
        return self._last


class Closing(NamedTuple):
    """Since when an identifier links nothing, or is nobody's, within one era.

    Attributes:
        since, until: the era.
        busy: since when it has too many neighbours; END: it has not.
        contested, cls: since when it is in doubt, and the class of the link that put it there; END: it is not.
        crowded: it has too many strong neighbours.
    """

    since: int
    until: int
    busy: int = END
    contested: int = END
    cls: int = 0
    crowded: bool = False


class Seat(msgspec.Struct, array_like=True, gc=False):
    """How an identifier stands.

    Attributes:
        component: the number of its component; 0: it is in none.
        strong, weak, out: how many links it has aside, by status.
        closings: of the eras in which it is busy or in doubt.
        erased: links before this moment count for nothing.
        blocked: an operator said that it links nothing.
        traits: it has some.
    """

    component: int = 0
    strong: int = 0
    weak: int = 0
    out: int = 0
    closings: tuple[Closing, ...] = ()
    erased: int = 0
    blocked: bool = False
    traits: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to say but its component."""
        return not (self.strong or self.weak or self.out or self.closings or self.erased or self.blocked or self.traits)


class Kept(msgspec.Struct, array_like=True, gc=False):
    """A component: see `stream_processors.core.component.Component`.

    `roots`: by member the number of its profile's root, one number if it is the same for all; empty: `rows` says more.
    `commands`: operators' facts as they came.
    """

    members: list[str]
    links: list[Link]
    roots: list[int]
    refused: dict[int, str] = {}
    special: list[int] = []
    recorded: list[Owner] = []
    rows: list[Row] = []
    commands: list[bytes] = []


class Trait(NamedTuple):
    """The latest value of a trait, as JSON; `at` in milliseconds since 1970, `event`: the id of the interaction."""

    at: int
    event: bytes
    source: str
    value: bytes


Traits = dict[str, Trait]
_encode: Final = msgspec.msgpack.Encoder().encode
_seat: Final = msgspec.msgpack.Decoder(int | Seat).decode
_kept: Final = msgspec.msgpack.Decoder(Kept).decode
_traits: Final = msgspec.msgpack.Decoder(Traits).decode


def pack_seat(seat: Seat) -> bytes | None:
    """A seat as bytes; None: there is nothing to keep."""
    if seat.is_plain:
        return pack_place(seat.component) if seat.component else None
    return _encode(seat)


def pack_place(component: int) -> bytes:
    """As bytes, the seat of an identifier of which there is nothing to say but its component."""
    return _encode(component)


def read_seat(value: bytes | None) -> Seat:
    """A seat from its bytes."""
    if value is None:
        return Seat()
    found = _seat(value)
    return Seat(found) if isinstance(found, int) else found


def pack_kept(kept: Kept) -> bytes:
    """A component as bytes."""
    return _encode(kept)


def read_kept(value: bytes) -> Kept:
    """A component from its bytes."""
    return _kept(value)


def pack_traits(traits: Traits) -> bytes:
    """Traits as bytes."""
    return _encode(traits)


def read_traits(value: bytes | None) -> Traits:
    """Traits from their bytes."""
    return {} if value is None else _traits(value)


def prefix(letter: bytes, tenant: str) -> bytes:
    """How all keys of a tenant begin."""
    name = tenant.encode()
    return letter + len(name).to_bytes(2, "big") + name


def aside_prefix(start: bytes, identifier: str) -> bytes:
    """How the keys of all links aside of an identifier begin; `start` is the tenant's."""
    name = identifier.encode()
    return start + len(name).to_bytes(3, "big") + name


def aside_key(start: bytes, status: bytes, t: int, link: UUID) -> bytes:
    """The key of a link aside under one of its ends, whose keys begin with `start`."""
    return start + status + t.to_bytes(8, "big") + link.bytes


def read_place(key: bytes) -> tuple[bytes, int, UUID]:
    """Status, time and id of a link aside, from its key."""
    end = key[-_PLACE:]
    return end[:1], int.from_bytes(end[1:9], "big"), UUID(bytes=end[9:])


def split_key(key: bytes) -> tuple[str, bytes]:
    """The tenant of a key, and what follows."""
    size = 3 + int.from_bytes(key[1:3], "big")
    return key[3:size].decode(), key[size:]


def split_aside(key: bytes) -> tuple[str, str]:
    """The tenant and the identifier of a key of a link aside."""
    tenant, rest = split_key(key)
    return tenant, rest[3 : 3 + int.from_bytes(rest[:3], "big")].decode()


def after(start: bytes) -> bytes:
    """The first key after all that begin with `start`."""
    whole = start.rstrip(b"\xff")
    return whole[:-1] + bytes([whole[-1] + 1])
