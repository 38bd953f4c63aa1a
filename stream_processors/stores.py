"""The dedupe stores of this worker: `<data_dir>/process/<topic>-<partition>`, each opened when it is first needed.

A store that is not there is new. A folder holds `store.json` (`card.py`) and `keys/` (RocksDB).
"""

from pathlib import Path
from typing import Final
from uuid import UUID

from rocksdict import Cache, Options

from stream_processors import card
from stream_processors.database import open_database, options_for
from stream_processors.store import DEDUPE, Store

_WRITE_BUFFER: Final = 4 << 20  # one or two a store, 36 stores and more: decision 0011
_CACHE: Final = 64 << 20  # blocks, indexes and filters of all stores together


class Stores:
    """Opens and closes stores. Used by one thread."""

    def __init__(self, folder: Path, window: int, patience_s: float = 10.0) -> None:
        """`window` in milliseconds; `patience_s`: how long to wait for a store that another process still holds."""
        self._folder = folder
        self._window = window
        self._patience_s = patience_s
        self._cache = Cache(_CACHE)
        self._open: dict[tuple[str, int], Store] = {}

    def of(self, topic: str, partition: int, topic_id: UUID) -> Store:
        """The store of a partition.

        Raises:
            StoreError: it is damaged, of another version, or held by another process.
        """
        store = self._open.get((topic, partition))
        if store is None or store.topic_ids[-1] != topic_id:
            if store is not None:
                store.close()
            store = self._open_store(topic, partition, topic_id)
            self._open[topic, partition] = store
        return store

    def keep(self, partitions: set[tuple[str, int]]) -> None:
        """Close the stores of all other partitions."""
        for partition in self._open.keys() - partitions:
            self._open.pop(partition).close()

    def close(self) -> None:
        """Close all."""
        self.keep(set())

    def _open_store(self, topic: str, partition: int, topic_id: UUID) -> Store:
        folder = self._folder / f"{topic}-{partition}"
        folder.mkdir(parents=True, exist_ok=True)
        known = card.with_topic(DEDUPE, folder, topic, partition, topic_id)  # first: keys without it are refused
        database, names = open_database(DEDUPE, folder, known.keys, self._options, self._patience_s)
        try:
            ids = known.topic_ids
            return Store(folder, database, names, topic_ids=ids, window=self._window, options=self._options())
        except BaseException:
            database.close()
            raise

    def _options(self) -> Options:
        return options_for(self._cache, _WRITE_BUFFER)
