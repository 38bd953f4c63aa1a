"""The one door to clickhouse-connect: a small typed client whose errors say what to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, Error
from clickhouse_connect.driver.httputil import get_pool_manager

from schemas.settings import ConfigurationError
from sinks.errors import FatalError, TransientError

CONNECT_S: Final = 5
ANSWER_S: Final = 120  # an insert that takes longer counts as unknown, and is sent again under its token
Setting = str | int
# Names of codes: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
_DATA: Final = {
    6: "CANNOT_PARSE_TEXT",
    25: "CANNOT_PARSE_ESCAPE_SEQUENCE",
    26: "CANNOT_PARSE_QUOTED_STRING",
    27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
    33: "CANNOT_READ_ALL_DATA",
    38: "CANNOT_PARSE_DATE",
    41: "CANNOT_PARSE_DATETIME",
    53: "TYPE_MISMATCH",
    69: "ARGUMENT_OUT_OF_BOUND",
    70: "CANNOT_CONVERT_TYPE",
    72: "CANNOT_PARSE_NUMBER",
    117: "INCORRECT_DATA",
    130: "CANNOT_READ_ARRAY_FROM_TEXT",
    131: "TOO_LARGE_STRING_SIZE",
    190: "SIZES_OF_ARRAYS_DONT_MATCH",
    306: "TOO_DEEP_RECURSION",
    321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
    376: "CANNOT_PARSE_UUID",
    407: "DECIMAL_OVERFLOW",
    467: "CANNOT_PARSE_BOOL",
    469: "VIOLATED_CONSTRAINT",
}
_FATAL: Final = {
    16: "NO_SUCH_COLUMN_IN_TABLE",
    36: "BAD_ARGUMENTS",
    46: "UNKNOWN_FUNCTION",
    47: "UNKNOWN_IDENTIFIER",
    60: "UNKNOWN_TABLE",
    62: "SYNTAX_ERROR",
    73: "UNKNOWN_FORMAT",
    81: "UNKNOWN_DATABASE",
    115: "UNKNOWN_SETTING",
    164: "READONLY",
    192: "UNKNOWN_USER",
    193: "WRONG_PASSWORD",
    194: "REQUIRED_PASSWORD",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
}
_CODE: Final = re.compile(r"\bCode: (\d+)")
_ROW: Final = re.compile(r"\(at row (\d+)\)")
_MESSAGE: Final = re.compile(
    r"DB::Exception: (.*?)(?: \([A-Z_]+\))?(?: \(version [^)]*\))?(?: \(for url .*)?\s*\Z", re.DOTALL
)

# Every insert of ready rows. Why each is as it is: docs/decisions/0020.
INSERT_SETTINGS: Final[Mapping[str, Setting]] = {
    "async_insert": 0,  # acknowledged means stored
    "deduplicate_blocks_in_dependent_materialized_views": 1,  # else a repeated insert doubles there
    "optimize_on_insert": 0,  # a quarter of the cost; copies collapse later
    "max_partitions_per_insert_block": 0,  # a file of history may span many years
    "min_insert_block_size_rows": 1 << 20,  # a range is one block: it is refused as a whole or not at all
    "min_insert_block_size_bytes": 1 << 30,
    "input_format_parallel_parsing": 0,  # threads save time and cost CPU: 0042, 0044
    "input_format_skip_unknown_fields": 0,  # a column that is missing must show
    "input_format_null_as_default": 1,
    "date_time_input_format": "best_effort",  # RFC 3339
    "input_format_try_infer_dates": 0,  # in open objects text stays the text that was sent
    "input_format_try_infer_datetimes": 0,
    "json_type_escape_dots_in_keys": 1,  # {"a.b": 1} is not {"a": {"b": 1}}
}


@dataclass(frozen=True, slots=True)
class BadData:
    """ClickHouse's refusal of rows as data.

    Attributes:
        detail: what it said; may quote the data.
        row: which row, from 0; None where it did not say.
    """

    detail: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a query: names and rows."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks."""

    user: str
    password: str = field(default="", repr=False)


class ClickHouse:
    """A connection pool to one database. Safe between threads.

    Every call raises TransientError or FatalError when ClickHouse could not do as asked.

    Attributes:
        database: its name; it need not exist yet.
        login: as whom.
    """

    def __init__(self, client: Client, database: str, login: Login = Login("default")) -> None:
        self.database = database
        self.login = login
        self._client = client
        client.database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def insert_ready(
        self, table: str, rows: bytes, token: str, settings: Mapping[str, Setting] | None = None
    ) -> BadData | None:
        """Insert rows that are JSONEachRow already, at most once under `token`; None when they are stored."""
        wanted = {**INSERT_SETTINGS, **(settings or {}), "insert_deduplication_token": token, "wait_end_of_query": "1"}
        try:
            self._client.raw_insert(f"`{table}`", insert_block=rows, fmt="JSONEachRow", settings=wanted)
        except ClickHouseError as error:
            if _code(error) in _DATA:
                return _bad_data(error)
            raise _translated(error) from error
        return None

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Setting] | None = None
    ) -> Result:
        """Ask; `{name:Type}` in the query is replaced by a parameter, on the server."""
        try:
            answer = self._client.query(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))
            return Result(tuple(answer.column_names), answer.result_rows)
        except ClickHouseError as error:
            raise _translated(error) from error

    def stream(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Result]:
        """Ask for more than memory holds: the answer a block of rows at a time, to be read to its end."""
        try:
            with self._client.query_row_block_stream(sql, parameters=dict(parameters or {})) as blocks:
                names = tuple(blocks.source.column_names)
                for rows in blocks:
                    yield Result(names, rows)
        except ClickHouseError as error:
            raise _translated(error) from error

    def text(self, sql: str, form: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """The answer in one of ClickHouse's own formats, as JSONEachRow."""
        try:
            return self._client.raw_query(sql, parameters=dict(parameters or {}), fmt=form)
        except ClickHouseError as error:
            raise _translated(error) from error

    def has_table(self, name: str) -> bool:
        """Whether there is such a table; False also where there is no such database."""
        sql = "SELECT count() FROM system.tables WHERE database = {database:String} AND name = {name:String}"
        try:
            answer = self._client.raw_query(
                sql, parameters={"database": self.database, "name": name}, fmt="TabSeparated", use_database=False
            )
        except ClickHouseError as error:
            raise _translated(error) from error
        return int(answer) > 0

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None, *, use_database: bool = True) -> None:
        """Do something that has no answer."""
        try:
            self._client.command(sql, parameters=dict(parameters or {}), use_database=use_database)
        except ClickHouseError as error:
            raise _translated(error) from error


def connect(url: str, answer_s: int = ANSWER_S) -> ClickHouse:
    """Connect to `http[s]://user:password@host:port/database`; the database need not exist.

    `answer_s`: how long an answer may take, in seconds.

    Raises:
        ConfigurationError: not such an address.
        TransientError: nobody answers there.
        FatalError: the user or the password is wrong.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = "clickhouse.url must be as http://user:password@host:8123/throughline"
        raise ConfigurationError(msg)
    secure = parts.scheme == "https"
    login = Login(unquote(parts.username or "default"), unquote(parts.password or ""))
    try:
        client = clickhouse_connect.get_client(
            host=parts.hostname,
            port=parts.port or (8443 if secure else 8123),
            username=login.user,
            password=login.password,
            secure=secure,
            compress=False,  # bodies mostly stay on one machine or network; compressing costs more than it saves
            query_limit=0,
            connect_timeout=CONNECT_S,
            send_receive_timeout=answer_s,
            autogenerate_session_id=False,  # one client, many threads
            pool_mgr=get_pool_manager(maxsize=16, retries=0),
        )
    except ClickHouseError as error:
        raise _translated(error) from error
    return ClickHouse(client, unquote(parts.path.strip("/")) or "throughline", login)


def _code(error: ClickHouseError) -> int | None:
    if isinstance(error, Error) and error.code:
        return error.code
    found = _CODE.search(str(error))
    return int(found[1]) if found else None


def _bad_data(error: ClickHouseError) -> BadData:
    row = _ROW.search(str(error))
    return BadData(_said(error)[:2000], int(row[1]) - 1 if row else None)


def _said(error: ClickHouseError) -> str:
    found = _MESSAGE.search(str(error))
    return f"{_name(error)}: {found[1] if found else str(error)}"


def _name(error: ClickHouseError) -> str:
    code = _code(error)
    if code is None:
        return type(error.__cause__ or error).__name__
    name = _DATA.get(code) or _FATAL.get(code) or (error.name if isinstance(error, Error) else None) or "error"
    return f"{name} ({code})"


def _translated(error: ClickHouseError) -> TransientError | FatalError:
    if _code(error) in _FATAL or _code(error) in _DATA:
        return FatalError(_said(error))
    return TransientError(_name(error))  # no more: it is logged, and a message may quote rows
