"""The dedupe store of one partition: what was seen, and how far, on RocksDB.

A folder `<topic>-<partition>` holds `store.json` (format, and the ids of the topics that the offsets belong to) and
`keys/` (RocksDB). Keys and the source position go in together, in one write batch: a killed process loses neither or
both. The verdict about age is the core's, by the arrival that each entry carries; RocksDB's TTL only throws away, at
compaction, what can decide nothing any more (decision 0010).
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from rocksdict import AccessType, BlockBasedOptions, Cache, Options, Rdict, WriteBatch

FORMAT: Final = 1
_POSITION: Final = b"position"  # not 16 bytes, so no event id
_GRACE_S: Final = 12 * 3600  # a record that waits so long in Kafka is still judged by the whole window
_WRITE_BUFFER: Final = 4 << 20  # one or two a store, 36 stores: decision 0011
_CACHE: Final = 64 << 20  # blocks, indexes and filters of all stores together
_PATIENCE_S: Final = 30.0  # for a lock that a worker on this machine still holds


class StoreError(Exception):
    """A dedupe store cannot be used; the message names its folder and the remedy."""


class Store:
    """Implements `stream_processors.core.memory.Memory`. Used by one thread.

    Attributes:
        topic_ids: the ids of the topics of this name, in the order in which they came; the last is today's.
        position: where the records begin that this store has not seen, in today's topic; None: it has seen none.
    """

    def __init__(self, folder: Path, keys: Rdict, topic_ids: list[UUID]) -> None:
        self.folder = folder
        self.topic_ids = topic_ids
        self._keys = keys
        self.position = self._position()

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        """The entries of each key, None for a key that is not known."""
        try:
            found: list[bytes | None] = self._keys.get(keys)  # type: ignore[arg-type, assignment]  # a list for a list
        except Exception as error:  # rocksdict raises Exception itself
            raise _unusable(self.folder, "read", error) from error
        return found

    def write(self, writes: Mapping[bytes, bytes], position: int) -> None:
        """Remember, and that all records before `position` are done: one batch, in the log when this returns."""
        batch = WriteBatch(raw_mode=True)
        put = batch.put
        for key, entries in writes.items():
            put(key, entries)
        put(_POSITION, _generation(self.topic_ids) + position.to_bytes(8, "big"))
        try:
            self._keys.write(batch)
        except Exception as error:  # rocksdict raises Exception itself
            raise _unusable(self.folder, "written", error) from error
        self.position = position

    def close(self) -> None:
        """Close the files and give up the lock."""
        self._keys.close()

    def _position(self) -> int | None:
        stored: bytes | None = self._keys.get(_POSITION)
        if stored is None or stored[:4] != _generation(self.topic_ids):
            return None
        return int.from_bytes(stored[4:], "big")


class Stores:
    """The stores of the partitions that this worker has, each opened when it is first needed. Used by one thread."""

    def __init__(self, folder: Path, window_s: float, give_up: Callable[[], bool] = lambda: False) -> None:
        """`give_up`: asked while waiting for a store that another process still holds."""
        self._folder = folder
        self._ttl_s = int(window_s) + _GRACE_S
        self._give_up = give_up
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
        keys = self._open_keys(folder)  # first: its lock guards the other file too
        try:
            return Store(folder, keys, _topic_ids(folder, topic, partition, topic_id))
        except BaseException:
            keys.close()
            raise

    def _open_keys(self, folder: Path) -> Rdict:
        _check_format(folder)
        until = monotonic() + _PATIENCE_S
        while True:
            try:
                return Rdict(str(folder / "keys"), _options(self._cache), access_type=AccessType.with_ttl(self._ttl_s))
            except Exception as error:  # rocksdict raises Exception itself
                if f"{folder}/keys/LOCK" not in str(error):
                    raise _unusable(folder, "opened", error) from error
                if monotonic() > until or self._give_up():
                    msg = f"the dedupe store {folder} is held by another process; end it, or give each its data_dir"
                    raise StoreError(msg) from error
            sleep(0.1)


_REMEDY: Final = "move the folder away: copies of what it knew then pass, and collapse in the timeline"


def _unusable(folder: Path, done: str, error: Exception) -> StoreError:
    return StoreError(f"the dedupe store {folder} cannot be {done}: {error}; {_REMEDY}")


def _options(cache: Cache) -> Options:
    """RocksDB for keys that are mostly new: filters answer most look-ups, in the write buffer too."""
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_write_buffer_size(_WRITE_BUFFER)
    options.set_memtable_whole_key_filtering(whole_key_filter=True)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1 << 20)
    table = BlockBasedOptions()
    table.set_bloom_filter(10, False)
    table.set_block_cache(cache)
    table.set_cache_index_and_filter_blocks(True)  # noqa: FBT003  it takes positions only
    options.set_block_based_table_factory(table)
    return options


def _generation(topic_ids: list[UUID]) -> bytes:
    return (len(topic_ids) - 1).to_bytes(4, "big")


def _check_format(folder: Path) -> None:
    """Refuse what another version wrote, before RocksDB touches it."""
    card = _read(folder)
    if card is None and (folder / "keys" / "CURRENT").exists():
        msg = f"the dedupe store {folder} has keys, but no store.json; {_REMEDY}"
        raise StoreError(msg)
    if card is not None and card.get("format") != FORMAT:
        msg = f"the dedupe store {folder} has format {card.get('format')}, this version knows {FORMAT}; {_REMEDY}"
        raise StoreError(msg)


def _topic_ids(folder: Path, topic: str, partition: int, topic_id: UUID) -> list[UUID]:
    """The ids of the topics, with today's at the end; written before any key can refer to it."""
    card = _read(folder) or {}
    try:
        ids = [UUID(text) for text in card.get("topic_ids", [])]  # type: ignore[attr-defined]  # a damaged card raises
    except (TypeError, ValueError, AttributeError):
        msg = f"the dedupe store {folder} has a damaged store.json; {_REMEDY}"
        raise StoreError(msg) from None
    if not ids or ids[-1] != topic_id:
        ids.append(topic_id)
        _save(
            folder,
            {"format": FORMAT, "topic": topic, "partition": partition, "topic_ids": [str(known) for known in ids]},
        )
    return ids


def _read(folder: Path) -> dict[str, object] | None:
    try:
        card = json.loads((folder / "store.json").read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        card = None
    if not isinstance(card, dict):
        msg = f"the dedupe store {folder} has a damaged store.json; {_REMEDY}"
        raise StoreError(msg)
    return card


def _save(folder: Path, card: Mapping[str, object]) -> None:
    """All or nothing, and on the disk."""
    new = folder / "store.json.new"
    with new.open("w") as file:
        json.dump(card, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / "store.json")
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
