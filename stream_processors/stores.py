"""The dedupe stores of this worker: `<data_dir>/process/<topic>-<partition>`, each opened when it is first needed.

A store that is not there is new. A folder holds `store.json` (`card.py`) and `keys/` (RocksDB).
"""

from pathlib import Path
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from rocksdict import BlockBasedOptions, Cache, Options, Rdict

from stream_processors import card
from stream_processors.store import Store, StoreError, unusable

_WRITE_BUFFER: Final = 4 << 20  # one or two a store, 36 stores and more: decision 0011
_CACHE: Final = 64 << 20  # blocks, indexes and filters of all stores together
_LOG: Final = 64 << 20  # of writes, a store; then the oldest buffer goes to its file


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
        ids = card.with_topic(folder, topic, partition, topic_id).topic_ids  # first: keys without it are refused
        database, names = self._open_database(folder)
        try:
            return Store(folder, database, names, topic_ids=ids, window=self._window, options=_options(self._cache))
        except BaseException:
            database.close()
            raise

    def _open_database(self, folder: Path) -> tuple[Rdict, list[str]]:
        """RocksDB, and the names of its column families."""
        path = str(folder / "keys")
        until = monotonic() + self._patience_s
        while True:
            try:
                names = Rdict.list_cf(path) if (folder / "keys" / "CURRENT").exists() else ["default"]
                families = {name: _options(self._cache) for name in names}
                return Rdict(path, _options(self._cache), column_families=families), names
            except Exception as error:  # rocksdict raises Exception itself
                if f"{path}/LOCK" not in str(error):
                    raise unusable(folder, "opened", error) from error
                if monotonic() > until:
                    remedy = "end it, or give each its own data_dir"
                    raise StoreError(f"the dedupe store {folder} is held by another process; {remedy}") from error
            sleep(0.1)


def _options(cache: Cache) -> Options:
    """RocksDB for keys that are mostly new: filters answer most look-ups, in the write buffer too."""
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_write_buffer_size(_WRITE_BUFFER)
    options.set_max_total_wal_size(_LOG)
    options.set_memtable_whole_key_filtering(whole_key_filter=True)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1 << 20)
    table = BlockBasedOptions()
    table.set_bloom_filter(bits_per_key=10, block_based=False)
    table.set_block_cache(cache)
    table.set_cache_index_and_filter_blocks(v=True)
    options.set_block_based_table_factory(table)
    return options
