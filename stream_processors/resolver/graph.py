"""The store of one shard, on RocksDB: what the core remembers, the rules in force, and how far it has come."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from rocksdict import Rdict, ReadOptions, WriteBatch, WriteOptions

from schemas.identity import Rules
from stream_processors.database import StoreKind
from stream_processors.resolver.begin import State

GRAPH: Final = StoreKind("identity store", "fill it anew from ClickHouse with `throughline resolve --rebuild`")
_STATE: Final = b"!state"
_RULES: Final = b"!rules"


class Graph:
    """Implements `stream_processors.resolver.contract.Memory`. Used by one thread.

    Attributes:
        folder: for messages.
        state: as it stands in the store.
        rules: the rules in force; None while no evidence has brought any.
    """

    def __init__(self, folder: Path, database: Rdict) -> None:
        """`folder`: for messages."""
        self.folder = folder
        self._database = database
        self._durably = WriteOptions()
        self._durably.sync = True
        said, rules = self.get([_STATE, _RULES])
        self.state = State() if said is None else GRAPH.trying(folder, "read", lambda: _decode(said))
        self.rules = None if rules is None else GRAPH.trying(folder, "read", lambda: read_rules(rules))

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        """The value of each key, None for a key that is not there."""
        return GRAPH.trying(self.folder, "read", lambda: self._get(keys))

    def _get(self, keys: list[bytes]) -> list[bytes | None]:
        found: list[bytes | None] = self._database.get(keys)  # type: ignore[arg-type, assignment]  # its stub knows no list of bytes
        return found

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values from `start` to before `stop`, in the order of the keys, as they are now."""
        bound = ReadOptions()
        bound.set_iterate_upper_bound(stop)
        found = GRAPH.trying(self.folder, "read", lambda: self._database.items(from_key=start, read_opt=bound))
        yield from found

    def note(self, state: State) -> None:
        """Keep the state, on the disk when this returns, with all that was written before it."""
        batch = WriteBatch(raw_mode=True)
        batch.put(_STATE, _encode(state))
        GRAPH.trying(self.folder, "written", lambda: self._database.write(batch, self._durably))
        self.state = state

    def write(self, writes: Mapping[bytes, bytes | None], state: State) -> None:
        """All in one batch, in the log when this returns; a power cut may take it, and then the run is pending."""
        batch = WriteBatch(raw_mode=True)
        for key, value in writes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(_STATE, _encode(state))
        GRAPH.trying(self.folder, "written", lambda: self._database.write(batch))
        self.state = state

    def put_rules(self, rules: bytes) -> None:
        """Keep the rules in force, as JSON."""
        GRAPH.trying(self.folder, "written", lambda: self._database.put(_RULES, rules))
        self.rules = read_rules(rules)

    def close(self) -> None:
        """Close the files and give up the lock."""
        self._database.close()


def read_rules(document: bytes) -> Rules:
    """Rules of a fact.

    Raises:
        KeyError, TypeError, ValueError: they are none.
    """
    return Rules.from_document(msgspec.json.decode(document))


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(State).decode
