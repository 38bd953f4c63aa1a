"""Sessions, long answers, clients that leave, and limits."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.throughline.gateway.conftest import Served
from tests.throughline.gateway.waiting import statements, until
from throughline.gateway.run import INSERTS, QUERIES

pytestmark = pytest.mark.chdb


def _count(http: httpx.Client, table: str) -> int:
    return int(http.post("/", content=f"SELECT count() FROM {table}").text)


def test_sessions_keep_tables_and_settings(http: httpx.Client) -> None:
    session = {"session_id": "s1"}
    assert http.post("/", params=session, content="CREATE TEMPORARY TABLE kept (n Int8)").status_code == 200
    assert http.post("/", params=session, content="INSERT INTO kept VALUES (1)").status_code == 200
    assert http.post("/", params={**session, "max_block_size": "18"}, content="SELECT n FROM kept").text == "1\n"
    assert http.post("/", params=session, content="SET max_threads = 1").status_code == 200
    assert http.post("/", params=session, content="SELECT getSetting('max_threads')").text == "1\n"
    assert http.post("/", params=session, content="SELECT getSetting('max_block_size')").text != "18\n"
    assert http.post("/", content="SELECT n FROM kept").status_code == 404
    assert http.post("/", params={**session, "close_session": "1"}, content="SELECT 1").text == "1\n"
    check = {**session, "session_check": "1"}
    assert http.post("/", params=check, content="SELECT 1").headers["x-clickhouse-exception-code"] == "372"


def test_a_session_takes_one_request_at_a_time(served: Served) -> None:
    params = {"session_id": "busy"}
    with served.http() as first, served.http() as second:
        slow = threading.Thread(target=lambda: first.post("/", params=params, content="SELECT 'slow', sleep(2)"))
        slow.start()
        until(lambda: statements(second, "slow") == 1)
        answer = second.post("/", params=params, content="SELECT 1")
        slow.join()
        assert answer.headers["x-clickhouse-exception-code"] == "373"
        assert second.post("/", params=params, content="SELECT 1").text == "1\n"


def test_large_results_arrive_in_pieces(http: httpx.Client) -> None:
    with http.stream("POST", "/", content="SELECT number FROM numbers(3000000)") as answer:
        assert "content-length" not in answer.headers
        lines = sum(piece.count(b"\n") for piece in answer.iter_bytes())
    assert lines == 3_000_000


def test_an_error_in_the_middle_cannot_be_taken_for_the_end(http: httpx.Client) -> None:
    sql = "SELECT number, throwIf(number = 2000000) FROM numbers(3000000)"
    received: list[bytes] = []
    with http.stream("POST", "/", params={"max_threads": "1"}, content=sql) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(answer.iter_raw())
    tag = answer.headers["x-clickhouse-exception-tag"].encode()
    assert b"".join(received).endswith(tag + b"\r\n__exception__\r\n")
    assert b"Code: 395" in b"".join(received)[-1000:]


def test_waiting_for_the_end_gives_the_error_its_status(http: httpx.Client) -> None:
    sql = "SELECT number, throwIf(number = 2000000) FROM numbers(3000000)"
    answer = http.post("/", params={"wait_end_of_query": "1"}, content=sql)
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (500, "395")


@pytest.mark.parametrize("format_", ["TSV", "JSON"])
def test_a_statement_ends_when_its_client_leaves(served: Served, http: httpx.Client, format_: str) -> None:
    mark = f"leaving_{format_}"
    with _sent(served, f"SELECT '{mark}', sum(sipHash64(number)) FROM numbers(1000000000000) FORMAT {format_}"):
        until(lambda: statements(http, mark) == 1)
    until(lambda: statements(http, mark) == 0)


@pytest.mark.parametrize("rows", [2, 200_000, 12_000_000])
def test_a_body_cut_off_inserts_nothing(served: Served, http: httpx.Client, table: str, rows: int) -> None:
    """However much had come, and its place is free again."""
    insert = f"INSERT INTO {table} FORMAT TSV"
    for _ in range(INSERTS + 1 if rows == 2 else 1):
        with _sent(served, "1\ta\n" * rows, query=insert, length=1_000_000_000):
            pass
    http.post("/", params={"query": insert}, content="7\ta\n").raise_for_status()
    assert _count(http, table) == 1


@pytest.mark.parametrize(
    ("format_", "rows"),
    [
        ("JSONEachRow", (b'{"n":1}', b'{"n":1}\n{"n":3}', b'{"n":1}\n{"n":"x"}')),
        ("TSV", (b"1\ta", b"1\ta\n3\tb", b"1\ta\nx\tb")),
        ("Values", (b"(1, 'a')", b"(1, 'a'), (3, 'b')", b"(1, 'a'), ('x', 'b')")),
    ],
)
def test_rows_that_cannot_be_stored_are_refused_and_none_of_them_is_there(
    http: httpx.Client, table: str, format_: str, rows: tuple[bytes, bytes, bytes]
) -> None:
    good, bad, worse = rows
    insert = {"query": f"INSERT INTO {table} FORMAT {format_}"}
    http.post("/", content=f"ALTER TABLE {table} ADD CONSTRAINT small CHECK n < 3").raise_for_status()

    def refused(rows: bytes, **settings: str) -> str:
        answer = http.post("/", params=insert | settings, content=rows)
        assert "/dev/fd" not in answer.text
        return str(answer.headers["x-clickhouse-exception-code"])

    assert refused(good, min_free_disk_bytes_to_perform_insert=str(1 << 60)) == "243"
    assert refused(bad) == "469"
    assert refused(worse) in ("27", "6", "53")
    assert _count(http, table) == 0
    http.post("/", params=insert, content=good).raise_for_status()
    http.post("/", params=insert, content=b"").raise_for_status()
    assert _count(http, table) == 1


def test_empty_lines_are_no_end(http: httpx.Client, table: str) -> None:
    insert = {"query": f"INSERT INTO {table} SETTINGS max_threads = 1 FORMAT JSONEachRow"}
    http.post("/", params=insert, content=b'{"n":1}\n\n\n{"n":\n\n2}\n').raise_for_status()
    http.post("/", params=insert, content=b"\n\n").raise_for_status()
    assert _count(http, table) == 2


def test_a_statement_has_a_limit_and_data_has_none(http: httpx.Client, table: str) -> None:
    answer = http.post("/", content=b"SELECT '" + b"x" * (5 << 20) + b"'")
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (413, "229")

    def rows() -> Iterator[bytes]:
        for n in range(40):
            yield b"%d\t%s\n" % (n, b"y" * (1 << 20))

    answer = http.post("/", params={"query": f"INSERT INTO {table} FORMAT TSV"}, content=rows())
    assert answer.status_code == 200, answer.text
    assert _count(http, table) == 40


def test_memory_has_a_limit(http: httpx.Client) -> None:
    sql = "SELECT length(groupArray(number)) FROM numbers(100000000000)"
    answer = http.post("/", params={"max_memory_usage": "100000000"}, content=sql)
    assert answer.headers["x-clickhouse-exception-code"] == "241"
    assert http.post("/", params={"max_memory_usage": str(1 << 50)}, content="SELECT 1").status_code == 500


def test_heavy_queries_do_not_hold_up_inserts(served: Served, table: str) -> None:
    """More heavy queries than run at once, and inserts beside them."""
    sql = "SELECT 'heavy', sum(sipHash64(number)) FROM numbers(1000000000000) SETTINGS max_threads = 1 FORMAT JSON"
    with served.http() as http, contextlib.ExitStack() as heavy:
        for _ in range(QUERIES + 2):
            heavy.enter_context(_sent(served, sql))
        for n in range(5):
            answer = http.post("/", params={"query": f"INSERT INTO {table} FORMAT TSV"}, content=f"{n}\ta\n")
            assert answer.status_code == 200, answer.text
        heavy.close()
        until(lambda: statements(http, "heavy") == 0)
        assert _count(http, table) == 5


@contextlib.contextmanager
def _sent(served: Served, body: str, query: str = "", length: int | None = None) -> Iterator[socket.socket]:
    """A request by hand, whose connection is then left open."""
    host, port = served.base.host, served.base.port or 0
    url = httpx.URL("/", params={"query": query} if query else {})
    given = httpx.URL(served.url)
    head = (
        f"POST {url.raw_path.decode()} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length or len(body)}\r\n"
        f"X-ClickHouse-User: {given.username}\r\nX-ClickHouse-Key: {given.password}\r\n\r\n"
    )
    with socket.create_connection((host, port)) as connection:
        connection.sendall((head + body).encode())
        yield connection
