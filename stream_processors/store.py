"""The dedupe store of one partition: what was seen, and how far, on RocksDB.

The keys lie on shelves, each a column family that takes the keys of one span of time; a shelf whose keys can decide
nothing any more is dropped whole (decision 0010). Keys and the source position go in together, in one write batch: a
killed process loses neither or both. The verdict about age is the core's, by the arrival that each entry carries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from rocksdict import ColumnFamily, Options, Rdict, WriteBatch

from stream_processors.database import StoreKind

_POSITION: Final = b"position"
_SHELF: Final = "since-"
_LEAST_SPAN_MS: Final = 3_600_000
SKEW_MS: Final = 3_600_000  # by which the clocks of those who send may differ
DEDUPE: Final = StoreKind("dedupe store", "move the folder away: what it knew is then read again from the raw topic")


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Keys that were written from `since` (milliseconds since 1970) until the next shelf begins."""

    since: int
    keys: Rdict
    family: ColumnFamily


class Store:
    """Implements `stream_processors.core.memory.Memory`. Used by one thread.

    Attributes:
        topic_ids: the ids of the topics of this name, in the order in which they came; the last is today's.
        position: where the records begin that this store has not seen, in today's topic; None: it has seen none.
    """

    def __init__(
        self, folder: Path, database: Rdict, names: list[str], *, topic_ids: list[UUID], window: int, options: Options
    ) -> None:
        """`names`: the database's column families; `window` in milliseconds; `options` for new shelves."""
        self.topic_ids = topic_ids
        self._folder = folder
        self._database = database
        self._window = window
        self._options = options
        times = sorted(int(name.removeprefix(_SHELF)) for name in names if name.startswith(_SHELF))
        self._shelves = [self._shelf(since) for since in times]
        self.position = self._position()

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        """The entries of each key, None for a key that is not known."""
        found: list[bytes | None] = [None] * len(keys)
        for shelf in self._shelves:
            on_shelf = DEDUPE.trying(self._folder, "read", lambda shelf=shelf: shelf.keys.get(keys))  # type: ignore[misc]  # bound now
            found = [new or old for new, old in zip(on_shelf, found, strict=True)]  # what came later decides
        return found

    def write(self, writes: Mapping[bytes, bytes], position: int, now: int) -> None:
        """Remember, and that all records before `position` are done: one batch, in the log when this returns.

        `now`: how far time has come in this partition, in milliseconds since 1970.
        """
        DEDUPE.trying(self._folder, "written", lambda: self._tidy(now))
        family = self._shelves[-1].family
        batch = WriteBatch(raw_mode=True)
        put = batch.put
        for key, entries in writes.items():
            put(key, entries, family)
        put(_POSITION, _generation(self.topic_ids) + position.to_bytes(8, "big"))
        DEDUPE.trying(self._folder, "written", lambda: self._database.write(batch))
        self.position = position

    def pass_to(self, position: int) -> None:
        """All records before `position` are done, and there is nothing to remember of them."""
        batch = WriteBatch(raw_mode=True)
        batch.put(_POSITION, _generation(self.topic_ids) + position.to_bytes(8, "big"))
        DEDUPE.trying(self._folder, "written", lambda: self._database.write(batch))
        self.position = position

    def close(self) -> None:
        """Close the files and give up the lock."""
        for shelf in self._shelves:
            shelf.keys.close()
        self._shelves.clear()  # a handle that lives holds the lock
        self._database.close()

    def _tidy(self, now: int) -> None:
        """Begin a new shelf when it is time, and drop those that are of no more use."""
        if not self._shelves or now >= self._shelves[-1].since + max(self._window, _LEAST_SPAN_MS):
            if self._shelves:
                self._shelves[-1].keys.flush(wait=False)
            self._database.create_column_family(f"{_SHELF}{now}", self._options).close()
            self._shelves.append(self._shelf(now))
        while len(self._shelves) > 1 and self._shelves[1].since + self._window + SKEW_MS <= now:
            shelf = self._shelves.pop(0)
            shelf.keys.close()
            self._database.drop_column_family(f"{_SHELF}{shelf.since}")

    def _shelf(self, since: int) -> _Shelf:
        name = f"{_SHELF}{since}"
        return _Shelf(since, self._database.get_column_family(name), self._database.get_column_family_handle(name))

    def _position(self) -> int | None:
        stored: bytes | None = DEDUPE.trying(self._folder, "read", lambda: self._database.get(_POSITION))
        if stored is None or stored[:4] != _generation(self.topic_ids):
            return None
        return int.from_bytes(stored[4:], "big")


def _generation(topic_ids: list[UUID]) -> bytes:
    return (len(topic_ids) - 1).to_bytes(4, "big")
