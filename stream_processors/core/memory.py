"""What is remembered of an interaction, and what that makes of a copy.

The memory is a map from the 16 bytes of an event id to its entries, oldest first, 28 bytes each (big-endian):

    generation  u32   which topic the offset belongs to: an index into the store's list of topic ids
    offset      u64   where the first copy stands; the partition is the store's own
    mark        8     the fingerprint of what was said
    arrival     u64   milliseconds since 1970, of the first copy in Kafka

There is one entry, nearly always. A copy that comes when the window is over is new again and adds another, so that
the records of both, replayed after a crash, are judged as they were at first. Time is the record's own, never a clock.
"""

from struct import Struct
from typing import Final, NamedTuple, Protocol

_ENTRY: Final = Struct(">IQ8sQ")
_SIZE: Final = _ENTRY.size
_PLACE: Final = 12  # generation and offset: as bytes they sort as they follow each other
_MOST: Final = 8  # entries kept of one id: a replay that spans more windows than this judges the oldest anew

pack: Final = _ENTRY.pack


class Memory(Protocol):
    """What the step reads of the store of one partition."""

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        """The entries of each key, None for a key that is not known."""


class First(NamedTuple):
    """The first copy: an entry, unpacked."""

    generation: int
    offset: int
    mark: bytes
    arrival: int


def in_force(entries: bytes, mine: bytes, window: int) -> bytes | None:
    """The entry that decides about a record whose own entry would be `mine`; None: the record is the first.

    `window` is in milliseconds, from the arrival of the first copy.
    """
    for start in range(len(entries) - _SIZE, -1, -_SIZE):
        entry = entries[start : start + _SIZE]
        if entry[:_PLACE] > mine[:_PLACE]:
            continue  # it came later: `mine` is replayed
        if entry[:_PLACE] == mine[:_PLACE]:
            return entry
        return entry if _arrival(mine) - _arrival(entry) < window else None
    return None


def is_itself(entry: bytes, mine: bytes) -> bool:
    """Whether the first copy is this very record, replayed."""
    return entry[:_PLACE] == mine[:_PLACE]


def says_the_same(entry: bytes, mine: bytes) -> bool:
    """Whether two copies have the same fingerprint."""
    return entry[_PLACE:20] == mine[_PLACE:20]


def remember(entries: bytes | None, mine: bytes) -> bytes:
    """The entries of a key with those of a new first copy."""
    if entries is None:
        return mine
    if entries[-_SIZE:][:_PLACE] > mine[:_PLACE]:
        return entries  # a replay of what is older than all that is remembered
    return (entries + mine)[-_MOST * _SIZE :]


def unpack(entry: bytes) -> First:
    """An entry as a value."""
    return First._make(_ENTRY.unpack(entry))


def _arrival(entry: bytes) -> int:
    return int.from_bytes(entry[20:], "big")
