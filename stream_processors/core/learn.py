"""What records leave in the memory, told of records whose fates are long decided: a lost memory is made again."""

from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from schemas.check import Checked, Passed, check_all
from schemas.fates import Fault
from schemas.headers import INSTEAD_OF
from schemas.ids import fingerprint
from stream_processors.core.memory import Memory, in_force, is_itself, pack, remember, unpack
from stream_processors.core.raw import Raw

NO_KEY: Final = b""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def learn(raw: Raw, memory: Memory, window: int) -> dict[bytes, bytes]:
    """What `step` would remember of these records; `window` in milliseconds."""
    writes: dict[bytes, bytes] = {}
    checked = check_all(raw.values)
    keys = keys_of(checked)
    generation = raw.generation
    for at, (verdict, key, stored) in enumerate(zip(checked, keys, memory.get(keys), strict=True)):
        if not isinstance(verdict, Fault):
            mine = entry(generation, raw.offsets[at], raw.arrivals[at], verdict[0], raw.values[at])
            seen = writes.get(key) or stored
            if seen is None or first_of(seen, mine, raw, at, window) is None:
                writes[key] = remember(seen, mine)
    return writes


def first_of(seen: bytes, mine: bytes, raw: Raw, at: int, window: int) -> bytes | None:
    """The entry that decides about a record of a known id; None: the record is the first, or takes the first's place.

    A record takes the place of one that ClickHouse refused: that one is rejected, and nothing of its id is stored.
    """
    entry = in_force(seen, mine, window)
    if entry is None or raw.headers[at] is None or is_itself(entry, mine):
        return entry
    first = unpack(entry)
    place = raw.first(first.generation, first.offset).text.encode()
    return None if (INSTEAD_OF, place) in (raw.headers[at] or ()) else entry


def keys_of(checked: list[Passed | Fault]) -> list[bytes]:
    """The key of each record; of one that is no interaction one that no record has."""
    return [NO_KEY if isinstance(verdict, Fault) else verdict[0].event_id.bytes for verdict in checked]


def entry(generation: int, offset: int, arrival: int, event: Checked, value: bytes) -> bytes:
    """The entry of a record, if it is the first of its id; `arrival` as Kafka has it, 0 where it has none."""
    return pack(generation, offset, _mark(event, value), arrival or _received(event))


def _mark(event: Checked, value: bytes) -> bytes:
    """The fingerprint; computed where the sender gave none."""
    return bytes.fromhex(event.fingerprint or fingerprint(orjson.loads(value)))


def _received(event: Checked) -> int:
    """When the intake had it, in milliseconds: for records to which Kafka gave no time."""
    return (event.received_at - _EPOCH) // _MS
