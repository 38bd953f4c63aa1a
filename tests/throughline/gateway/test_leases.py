import pytest

from throughline.gateway.asked import asked
from throughline.gateway.engine import Block, Stream
from throughline.gateway.leases import MOST_SESSIONS, Lease, Leases
from throughline.gateway.refusal import RefusedError


class Connection:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False
        self.closed = False

    def query(self, query: str | bytes, format: str, params: dict[str, str] | None = None) -> Block:  # noqa: A002  chDB's
        self.asked.append(str(query))
        if self.fails:
            raise RuntimeError
        return _NOTHING

    def send_query(self, query: str, format: str, params: dict[str, str] | None = None) -> Stream:  # noqa: A002
        raise NotImplementedError("a lease sets a connection up, and asks nothing of its own")

    def close(self) -> None:
        self.closed = True


class _Nothing:
    """An empty result."""

    def bytes(self) -> bytes:
        return b""

    def _zero(self) -> int:
        return 0

    rows_read = bytes_read = rows_written = bytes_written = storage_rows_read = storage_bytes_read = _zero


_NOTHING = _Nothing()


def _held(lease: Lease) -> Connection:
    assert isinstance(lease.connection, Connection)
    return lease.connection


def _prepare(lease: Lease, options: dict[str, str], *, reader: bool) -> str:
    lease.prepare(asked(options, {}), "[m]", reader=reader, insert="param_a" in options)
    return _held(lease).asked[-1]


@pytest.mark.parametrize(
    ("options", "reader", "expected"),
    [
        ({}, False, "USE `throughline`; SET log_comment = '[m]'"),
        ({"database": "a`b"}, False, "USE `a\\`b`; SET log_comment = '[m]'"),
        ({"max_threads": "1'"}, False, "USE `throughline`; SET max_threads = '1\\'', log_comment = '[m]'"),
        ({"log_comment": "mine"}, False, "USE `throughline`; SET log_comment = 'mine [m]'"),
        ({"param_a": "1"}, False, "USE `throughline`; SET log_comment = '[m]', param_a = '1'"),
        ({"readonly": "1"}, False, "USE `throughline`; SET log_comment = '[m]', readonly = '1'"),
        ({"readonly": "0"}, True, "USE `throughline`; SET log_comment = '[m]', readonly = '2'"),
        ({"session_id": "s"}, True, "USE `throughline`; SET log_comment = '[m]', readonly = '2'"),
        ({"session_id": "s", "readonly": "1"}, False, "USE `throughline`; SET log_comment = '[m]'"),
    ],
)
async def test_what_a_fresh_connection_is_told(options: dict[str, str], reader: bool, expected: str) -> None:
    leases = Leases(Connection)
    lease = leases.take("u", options)
    assert _prepare(lease, options, reader=reader) == expected
    leases.give(lease, options)
    assert not _held(lease).closed
    lease.close()
    assert _held(lease).closed


async def test_a_session_keeps_its_connection_and_its_database() -> None:
    leases = Leases(Connection)
    options = {"session_id": "s"}
    first = leases.take("u", options)
    _prepare(first, options, reader=True)
    with pytest.raises(RefusedError, match="SESSION_IS_LOCKED"):
        leases.take("u", options)
    assert leases.take("other", options) is not first
    first.restore()
    assert _held(first).asked[-1] == "SET log_comment = DEFAULT"
    leases.give(first, options)
    second = leases.take("u", options)
    assert second is first
    assert _prepare(second, options, reader=True) == "SET log_comment = '[m]'"
    leases.give(second, {**options, "close_session": "1"})
    assert _held(second).closed
    with pytest.raises(RefusedError, match="SESSION_NOT_FOUND"):
        leases.take("u", {**options, "session_check": "1"})


async def test_a_session_whose_beginning_failed_begins_again() -> None:
    leases = Leases(Connection)
    options = {"session_id": "s"}
    lease = leases.take("u", options)
    lease.made = Connection()
    lease.made.fails = True
    with pytest.raises(RuntimeError):
        _prepare(lease, options, reader=True)
    lease.made.fails = False
    assert _prepare(lease, options, reader=True).endswith("readonly = '2'")


async def test_sessions_are_bounded_and_end() -> None:
    leases = Leases(Connection)
    taken = [leases.take("u", {"session_id": str(n)}) for n in range(MOST_SESSIONS)]
    with pytest.raises(RefusedError, match="Too many sessions"):
        leases.take("u", {"session_id": "more"})
    for lease in taken:
        _prepare(lease, {}, reader=False)
        leases.give(lease, {"session_timeout": "odd"})
    leases.close()
    assert all(_held(lease).closed for lease in taken)
