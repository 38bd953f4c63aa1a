"""chDB, opened on one store with limits and without a way out of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol, cast
from urllib.parse import quote
from xml.sax.saxutils import escape

DATABASE: Final = "throughline"
MEMORY_SHARE: Final = 0.4  # of the machine's memory, for the engine in all
QUERY_SHARE: Final = 0.5  # of that, for one statement
LEAST_MEMORY: Final = 1 << 30
MARK_CACHE: Final = 256 << 20
MERGE_THREADS: Final = 4

# Everything inside the store and nothing outside it: without the SOURCES rights, file(), url(), s3(), remote() and
# their engines are refused by the engine itself, for every user of ours (chDB knows only its own `default`).
_GRANTS: Final = (
    "SHOW, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, CHECK, KILL QUERY, dictGet, "
    "SYSTEM RELOAD, SYSTEM MERGES, SYSTEM VIEWS, SYSTEM DROP CACHE, SYSTEM FLUSH"
)
_CONST: Final = ("allow_experimental_eval_table_function", "allow_experimental_ai_functions")
_USERS: Final = """<clickhouse>
  <profiles><default>
    <max_memory_usage>{query_memory}</max_memory_usage>
    <implicit_select>0</implicit_select>
    <min_free_disk_bytes_to_perform_insert>{free_disk}</min_free_disk_bytes_to_perform_insert>
    <constraints>
      <max_memory_usage><max>{memory}</max></max_memory_usage>
      {constraints}
    </constraints>
  </default></profiles>
  <quotas><default/></quotas>
  <users><default>
    <password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    <grants><query>GRANT {grants} ON *.*</query></grants>
  </default></users>
</clickhouse>
"""
_CONFIG: Final = """<clickhouse>
  <max_server_memory_usage>{memory}</max_server_memory_usage>
  <mark_cache_size>{mark_cache}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>{merge_threads}</background_pool_size>
  <users_config>{users}</users_config>
</clickhouse>
"""


class Block(Protocol):
    """What chDB answers with: a result, or a part of one."""

    def bytes(self) -> bytes: ...  # noqa: D102  chDB's names
    def rows_read(self) -> int: ...  # noqa: D102
    def bytes_read(self) -> int: ...  # noqa: D102
    def rows_written(self) -> int: ...  # noqa: D102
    def bytes_written(self) -> int: ...  # noqa: D102
    def storage_rows_read(self) -> int: ...  # noqa: D102
    def storage_bytes_read(self) -> int: ...  # noqa: D102


class Stream(Iterator[Block], Protocol):
    """A result, block by block."""

    def close(self) -> None: ...  # noqa: D102


class Connection(Protocol):
    """A connection of chDB: one statement at a time, state of its own (database, settings, temporary tables)."""

    def query(self, query: str | bytes, format: str, params: dict[str, str] | None = None) -> Block: ...  # noqa: A002, D102
    def send_query(self, query: str, format: str, params: dict[str, str] | None = None) -> Stream: ...  # noqa: A002, D102
    def close(self) -> None: ...  # noqa: D102


class Engine:
    """chDB on a store: connections, the means to stop a statement, and what it says of itself.

    Attributes:
        version: ClickHouse's, as 26.9.2.1.
        zone: the time zone in which times without one are read.
        name: the host's, which servers display.
        folder: its configuration's, on the store's disk.
        free_disk: bytes that must stay free there.
    """

    def __init__(self, store: Path, configuration: Path, free_disk: int = 0) -> None:
        """Open the store, which this process must own, with its configuration files written to a folder.

        `free_disk`: bytes that must be free on its disk, or an INSERT is refused with NOT_ENOUGH_SPACE (243).

        Raises:
            RuntimeError: the store cannot be opened; the text is the engine's.
        """
        self.folder, self.free_disk = configuration, free_disk
        import chdb  # 0.9 s: only the process that owns a store pays for it

        # its annotation says str, and it takes the bytes of a statement as well
        self._connect = cast("Callable[[str], Connection]", chdb.connect)
        self._address = f"{store}?config-file={quote(str(_configured(configuration, free_disk)))}"
        self._kept: Connection = self.open()  # the engine lives as long as one connection does
        self._kept.query(f"CREATE DATABASE IF NOT EXISTS {DATABASE}", "Null")
        told = self._kept.query("SELECT version(), serverTimezone(), displayName()", "TSV").bytes().decode()
        self.version, self.zone, self.name = told.rstrip("\n").split("\t")

    def open(self) -> Connection:
        """A new connection; 0.3 ms."""
        return self._connect(self._address)

    def kill(self, mark: str) -> None:
        """Stop the statement whose log_comment ends with `mark`."""
        connection = self.open()
        try:
            connection.query(f"KILL QUERY WHERE endsWith(Settings['log_comment'], '{mark}') ASYNC", "Null")
        finally:
            connection.close()

    def close(self) -> None:
        """Close the engine; all other connections must be closed before."""
        self._kept.close()


def _configured(folder: Path, free_disk: int) -> Path:
    """Write the engine's two configuration files; the answer is the one that names the other."""
    memory = max(LEAST_MEMORY, int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * MEMORY_SHARE))
    folder.mkdir(parents=True, exist_ok=True)
    users, config = folder / "users.xml", folder / "config.xml"
    constraints = "".join(f"<{name}><const/></{name}>" for name in _CONST)
    query_memory = int(memory * QUERY_SHARE)
    users.write_text(
        _USERS.format(
            query_memory=query_memory, memory=memory, constraints=constraints, grants=_GRANTS, free_disk=free_disk
        )
    )
    config.write_text(
        _CONFIG.format(memory=memory, mark_cache=MARK_CACHE, merge_threads=MERGE_THREADS, users=escape(str(users)))
    )
    return config
