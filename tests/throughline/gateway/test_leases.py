import pytest

from throughline.gateway.asked import asked
from throughline.gateway.engine import Block, Inserter, Stream
from throughline.gateway.leases import MOST_SESSIONS, Leases
from throughline.gateway.refusal import RefusedError


class _Connection:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False

    def query(self, query: str, format: str, params: dict[str, str] | None = None) -> Block:  # noqa: A002  chDB's name
        self.asked.append(query)
        raise RuntimeError

    def send_query(self, query: str, format: str, params: dict[str, str] | None = None) -> Stream:  # noqa: A002
        raise NotImplementedError

    def send_insert(self, query: str, format: str) -> Inserter:  # noqa: A002
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


def _prepared(leases: Leases, options: dict[str, str], *, reader: bool = False) -> str:
    lease = leases.take("u", options)
    with pytest.raises(RuntimeError):
        lease.prepare(asked(options, {}), "[m]", reader=reader, insert="param_a" in options)
    leases.give(lease, options)
    assert isinstance(lease.connection, _Connection)
    return lease.connection.asked[-1]


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
    assert _prepared(Leases(_Connection), options, reader=reader) == expected


async def test_a_session_keeps_its_connection_and_its_database() -> None:
    leases = Leases(_Connection)
    options = {"session_id": "s"}
    first = leases.take("u", options)
    with pytest.raises(RefusedError, match="SESSION_IS_LOCKED"):
        leases.take("u", options)
    assert leases.take("other", options).connection is not first.connection
    leases.give(first, options)
    second = leases.take("u", options)
    assert second.connection is first.connection
    with pytest.raises(RuntimeError):
        second.prepare(asked(options, {}), "[m]", reader=True, insert=False)
    assert isinstance(second.connection, _Connection)
    assert second.connection.asked[-1] == "SET log_comment = '[m]'"
    leases.give(second, {**options, "close_session": "1"})
    assert second.connection.closed
    with pytest.raises(RefusedError, match="SESSION_NOT_FOUND"):
        leases.take("u", {**options, "session_check": "1"})


async def test_sessions_are_bounded_and_end() -> None:
    leases = Leases(_Connection)
    taken = [leases.take("u", {"session_id": str(n)}) for n in range(MOST_SESSIONS)]
    with pytest.raises(RefusedError, match="Too many sessions"):
        leases.take("u", {"session_id": "more"})
    for lease in taken:
        leases.give(lease, {"session_timeout": "odd"})
    leases.close()
    assert all(isinstance(lease.connection, _Connection) and lease.connection.closed for lease in taken)
