"""The HTTP interface as curl and other plain clients use it."""

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import httpx
import lz4.frame
import pytest

from tests.throughline.gateway.conftest import Served
from throughline.gateway.blocks import Unpacker, packed
from throughline.gateway.encoding import zstd
from throughline.gateway.run import QUERIES

pytestmark = pytest.mark.chdb


def _count(http: httpx.Client, table: str) -> int:
    return int(http.post("/", content=f"SELECT count() FROM {table}").text)


def test_ping_needs_no_password(served: Served) -> None:
    for path in ("ping", "replicas_status", ""):
        answer = httpx.get(served.base.join(path))
        assert (answer.status_code, answer.text) == (200, "Ok.\n")
    assert httpx.get(served.base.join("play")).status_code == 404


def test_a_query_by_get_and_by_post(http: httpx.Client) -> None:
    assert http.get("/", params={"query": "SELECT 1 + 1"}).text == "2\n"
    assert http.post("/", content="SELECT 1 + 1").text == "2\n"
    assert http.post("/", params={"query": "SELECT 1"}, content=" + 1").text == "2\n"


def test_the_heads_are_a_servers(http: httpx.Client) -> None:
    answer = http.get(
        "/", params={"query": "SELECT number FROM system.numbers LIMIT 3 FORMAT JSONEachRow", "query_id": "mine"}
    )
    assert answer.headers["x-clickhouse-query-id"] == "mine"
    assert answer.headers["x-clickhouse-format"] == "JSONEachRow"
    assert answer.headers["x-clickhouse-timezone"] == "UTC"
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    summary = json.loads(answer.headers["x-clickhouse-summary"])
    assert summary["result_rows"] == "3"
    assert int(summary["elapsed_ns"]) > 0


@pytest.mark.parametrize(
    ("params", "headers"),
    [({"default_format": "JSONCompactEachRow"}, {}), ({}, {"X-ClickHouse-Format": "JSONCompactEachRow"})],
)
def test_the_default_format(http: httpx.Client, params: dict[str, str], headers: dict[str, str]) -> None:
    assert http.post("/", params=params, headers=headers, content="SELECT 1, 'a'").text == '[1, "a"]\n'


def test_the_database(http: httpx.Client) -> None:
    question = "SELECT currentDatabase()"
    assert http.post("/", content=question).text == "throughline\n"
    assert http.post("/", params={"database": "system"}, content=question).text == "system\n"
    assert http.post("/", headers={"X-ClickHouse-Database": "system"}, content=question).text == "system\n"
    assert http.post("/", params={"database": "default"}, content=question).text == "throughline\n"


def test_parameters_are_escaped_as_on_a_server(http: httpx.Client) -> None:
    params = {"param_a": "it's; \\t FORMAT", "param_n": "7", "param_l": "[1,2]", "param_t": "one"}
    sql = (
        "SELECT {a:String}, {n:UInt8} + 1, {l:Array(UInt8)}, dummy FROM system.{t:Identifier} FORMAT JSONCompactEachRow"
    )
    assert http.post("/", params=params, content=sql).json() == ["it's; \t FORMAT", 8, [1, 2], 0]


def test_settings_pass_through(http: httpx.Client) -> None:
    answer = http.post(
        "/", params={"max_block_size": "17", "log_comment": "it's"}, content="SELECT getSetting('max_block_size')"
    )
    assert answer.text == "17\n"
    assert (
        http.post("/", params={"max_block_sise": "17"}, content="SELECT 1").headers["x-clickhouse-exception-code"]
        == "115"
    )
    assert http.post("/", params={"a b": "17"}, content="SELECT 1").headers["x-clickhouse-exception-code"] == "115"


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELECT nosuch", 404, "47"),
        ("SELECT 1 FROM nosuch", 404, "60"),
        ("SELECT", 400, "62"),
        ("SELECT 1; SELECT 2", 400, "62"),
        ("INSERT INTO t SELECT 1; DROP TABLE t", 400, "62"),
        ("SELECT throwIf(1)", 500, "395"),
        ("SELECT toInt8('x')", 400, "6"),
        ("SELECT 1 FORMAT Nosuch", 404, "73"),
        ("SELECT * FROM nosuch.t", 404, "81"),
        ("INSERT INTO nosuch VALUES (1)", 404, "60"),
    ],
)
def test_errors(http: httpx.Client, sql: str, status: int, code: str) -> None:
    answer = http.post("/", content=sql)
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (status, code)
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "(version " in answer.text


def test_get_changes_nothing(http: httpx.Client) -> None:
    answer = http.get("/", params={"query": "CREATE TABLE gotten (n Int8) ENGINE = Memory"})
    assert answer.headers["x-clickhouse-exception-code"] == "164"
    answer = http.get("/", params={"query": "SELECT 1", "session_id": "g"})
    assert answer.text == "1\n"
    assert http.post("/", params={"session_id": "g"}, content="CREATE TEMPORARY TABLE x (n Int8)").status_code == 200


@pytest.mark.parametrize("where", ["url", "body", "both"])
@pytest.mark.parametrize("values", [False, True])
def test_inserts(http: httpx.Client, table: str, where: str, values: bool) -> None:
    head = f"INSERT INTO {table} VALUES" if values else f"INSERT INTO {table} FORMAT JSONEachRow"
    rows = "(1, 'FORMAT CSV;'), (2, 'b')" if values else '{"n": 1, "s": "FORMAT CSV;"}\n{"n": 2, "s": "b"}'
    url = {"url": head, "body": "", "both": f"INSERT INTO {table}"}[where]
    body = {"url": rows, "body": f"{head}\n{rows}", "both": head.removeprefix(url) + "\n" + rows}[where]
    answer = http.post("/", params={"query": url} if url else {}, content=body)
    assert answer.status_code == 200, answer.text
    assert answer.text == ""
    assert json.loads(answer.headers["x-clickhouse-summary"])["written_rows"] == "2"
    assert http.post("/", content=f"SELECT * FROM {table} ORDER BY n FORMAT TSV").text == "1\tFORMAT CSV;\n2\tb\n"


def test_an_insert_without_rows(http: httpx.Client, table: str) -> None:
    assert http.post("/", params={"query": f"INSERT INTO {table} FORMAT JSONEachRow"}).status_code == 200
    assert _count(http, table) == 0


def test_an_insert_with_parameters(http: httpx.Client, table: str) -> None:
    params = {"query": "INSERT INTO {t:Identifier} FORMAT TSV", "param_t": table}
    assert http.post("/", params=params, content="1\ta\n").status_code == 200
    assert http.post("/", content=f"SELECT * FROM {table} ORDER BY n").text == "1\ta\n"


def test_data_for_input_is_refused_and_not_lost(http: httpx.Client, table: str) -> None:
    sql = f"INSERT INTO {table} SELECT n * 10, s FROM input('n Int64, s String') FORMAT TSV"
    answer = http.post("/", params={"query": sql}, content="2\ta\n")
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (501, "48")


def test_a_token_is_inserted_once(http: httpx.Client, table: str) -> None:
    params = {"query": f"INSERT INTO {table} FORMAT TSV", "insert_deduplication_token": "a"}
    for _ in range(3):
        assert http.post("/", params=params, content="1\ta\n").status_code == 200
    assert http.post("/", params={**params, "insert_deduplication_token": "b"}, content="1\ta\n").status_code == 200
    assert _count(http, table) == 2


def test_a_bad_row_inserts_nothing_and_names_its_place(http: httpx.Client, table: str) -> None:
    rows = b"".join(b'{"n": %d}\n' % n for n in range(1000)) + b'{"n": "x"}\n'
    answer = http.post("/", params={"query": f"INSERT INTO {table} FORMAT JSONEachRow"}, content=rows)
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (400, "27")
    assert "1001" in answer.text
    assert _count(http, table) == 0


def _lz4(data: bytes) -> bytes:
    packed_: bytes = lz4.frame.compress(data)
    return packed_


@pytest.mark.parametrize(
    ("name", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress), ("lz4", _lz4)],
)
def test_encoded_bodies(http: httpx.Client, table: str, name: str, pack: Callable[[bytes], bytes]) -> None:
    rows = b"".join(b"%d\t%s\n" % (n, b"x" * 50) for n in range(20_000))
    params = {"query": f"INSERT INTO {table} FORMAT TSV"}
    answer = http.post("/", params=params, headers={"Content-Encoding": name}, content=pack(rows))
    assert answer.status_code == 200, answer.text
    assert _count(http, table) == 20_000
    answer = http.post("/", params=params, headers={"Content-Encoding": name}, content=pack(rows)[:-5])
    assert answer.status_code != 200
    assert _count(http, table) == 20_000
    assert http.post("/", headers={"Content-Encoding": name}, content=b"rubbish").status_code == 500


@pytest.mark.parametrize(
    ("name", "unpack"),
    [("gzip", gzip.decompress), ("deflate", zlib.decompress), ("zstd", zstd.decompress), ("lz4", lz4.frame.decompress)],
)
@pytest.mark.parametrize("rows", [3, 300_000])
def test_encoded_answers(http: httpx.Client, name: str, unpack: Callable[[bytes], bytes], rows: int) -> None:
    params = {"enable_http_compression": "1"}
    sql = f"SELECT number FROM numbers({rows})"
    with http.stream("POST", "/", params=params, headers={"Accept-Encoding": f"br, {name};q=1"}, content=sql) as answer:
        assert answer.headers["content-encoding"] == name
        body = b"".join(answer.iter_raw())
    assert unpack(body) == b"".join(b"%d\n" % n for n in range(rows))


def test_clickhouses_own_blocks(http: httpx.Client, table: str) -> None:
    rows = b"".join(b"%d\ta\n" % n for n in range(300_000))
    answer = http.post(
        "/", params={"query": f"INSERT INTO {table} FORMAT TSV", "decompress": "1"}, content=packed(rows)
    )
    assert answer.status_code == 200, answer.text
    answer = http.post("/", params={"compress": "1"}, content=f"SELECT * FROM {table} ORDER BY n")
    unpacker = Unpacker()
    assert unpacker.feed(answer.content) + unpacker.end() == rows


def test_a_form_with_parameters_and_external_tables(http: httpx.Client) -> None:
    sql = "SELECT s FROM ext WHERE n = {n:UInt8} UNION ALL SELECT _2 FROM other ORDER BY 1"
    answer = http.post(
        "/",
        params={"ext_structure": "n UInt8, s String", "other_types": "UInt8,String"},
        data={"query": sql, "param_n": "2"},
        files={"ext": b"1\ta\n2\tb\n", "other": b"1\tz\n"},
    )
    assert answer.text == "b\nz\n"
    answer = http.post("/", data={"query": "SELECT 1"}, files={"ext": b""})
    assert answer.headers["x-clickhouse-exception-code"] == "36"


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
        slow = threading.Thread(target=lambda: first.post("/", params=params, content="SELECT sleep(1)"))
        slow.start()
        time.sleep(0.3)
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


def _running(http: httpx.Client, what: str) -> int:
    sql = f"SELECT count() FROM system.processes WHERE query LIKE '%{what}%' AND query NOT LIKE '%system.processes%'"
    return int(http.post("/", content=sql).text)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("format_", ["TSV", "JSON"])
def test_a_statement_ends_when_its_client_leaves(served: Served, http: httpx.Client, format_: str) -> None:
    mark = f"leaving_{format_}"
    with _sent(served, f"SELECT '{mark}', sum(sipHash64(number)) FROM numbers(1000000000000) FORMAT {format_}"):
        _until(lambda: _running(http, mark) == 1)
    _until(lambda: _running(http, mark) == 0)


def test_a_body_cut_off_inserts_nothing(served: Served, http: httpx.Client, table: str) -> None:
    insert = f"INSERT INTO {table} FORMAT TSV"
    with _sent(served, "1\ta\n" * 200_000, query=insert, length=1_000_000_000):
        _until(lambda: _running(http, f"INSERT INTO {table}") == 1)
    _until(lambda: _running(http, f"INSERT INTO {table}") == 0)
    assert _count(http, table) == 0


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
        _until(lambda: _running(http, "heavy") == 0)
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
