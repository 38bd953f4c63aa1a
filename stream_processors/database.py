"""RocksDB as all stores of this package use it: how it is opened, waited for and tuned, and how it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final, TypeVar

from rocksdict import BlockBasedOptions, Cache, Options, Rdict

_LOG: Final = 64 << 20  # of writes, a store; then the oldest buffer goes to its file
_FILE: Final = 8 << 20  # of keys; its filter must fit one of the 64 shards of the cache: decision 0011
T = TypeVar("T")


class StoreError(Exception):
    """A store cannot be used; the message names its folder and the remedy."""


class HeldError(StoreError):
    """Another process holds it."""


@dataclass(frozen=True, slots=True)
class StoreKind:
    """What the messages of a store say.

    Attributes:
        name: what it is.
        remedy: what to do when it is of no use.
    """

    name: str
    remedy: str

    def broken(self, folder: Path, what: str) -> StoreError:
        """That a store has this wrong with it."""
        return StoreError(f"the {self.name} {folder} {what}; {self.remedy}")

    def trying(self, folder: Path, done: str, work: Callable[[], T]) -> T:
        """Do it; what RocksDB raises becomes StoreError. `done`: what the store could not be, as `read`."""
        try:
            return work()
        except Exception as error:  # rocksdict raises Exception itself
            raise self.broken(folder, f"cannot be {done}: {error}") from error


def open_database(
    kind: StoreKind, folder: Path, name: str, options: Callable[[], Options], patience_s: float
) -> tuple[Rdict, list[str]]:
    """RocksDB in `folder/name`, and the names of its column families; one that is not there is new.

    `patience_s`: how long to wait for one that another process still holds.

    Raises:
        StoreError: it is damaged, or held by another process.
    """
    path = str(folder / name)
    until = monotonic() + patience_s
    while True:
        try:
            names = Rdict.list_cf(path) if (folder / name / "CURRENT").exists() else ["default"]
            return Rdict(path, options(), column_families={name: options() for name in names}), names
        except Exception as error:  # rocksdict raises Exception itself
            if f"{path}/LOCK" not in str(error):
                raise kind.broken(folder, f"cannot be opened: {error}") from error
            if monotonic() > until:
                remedy = "end it, or give each its own data_dir"
                raise HeldError(f"the {kind.name} {folder} is held by another process; {remedy}") from error
        sleep(0.1)


def options_for(cache: Cache, write_buffer: int) -> Options:
    """RocksDB for keys that are mostly new: filters answer most look-ups, in the write buffer (bytes) too."""
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_write_buffer_size(write_buffer)
    options.set_max_total_wal_size(_LOG)
    options.set_target_file_size_base(_FILE)
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
