"""The HTTP interface as curl and other plain clients use it."""

import gzip
import json
import zlib
from collections.abc import Callable

import httpx
import lz4.frame
import pytest

from tests.throughline.gateway.conftest import Served
from throughline.gateway.blocks import Unpacker, packed
from throughline.gateway.encoding import zstd

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


def test_nothing_of_a_request_without_a_session_is_left_to_the_next(http: httpx.Client) -> None:
    question = "SELECT getSetting('max_block_size'), currentDatabase(), count() FROM system.tables WHERE name = 'left'"
    before = http.post("/", content=question).text
    for statement in ("SET max_block_size = 17", "USE system", "CREATE TEMPORARY TABLE left (n Int8)"):
        assert http.post("/", content=statement).status_code == 200
        assert http.post("/", params={"max_block_size": "18", "database": "system"}, content="SELECT 1").text == "1\n"
    assert [http.post("/", content=question).text for _ in range(4)] == [before] * 4


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
    sql = "SELECT s FROM (SELECT s FROM ext WHERE n = {n:UInt8} UNION ALL SELECT _2 FROM other) ORDER BY s"
    answer = http.post(
        "/",
        params={"ext_structure": "n UInt8, s String", "other_types": "UInt8,String"},
        data={"query": sql, "param_n": "2"},
        files={"ext": b"1\ta\n2\tb\n", "other": b"1\tz\n"},
    )
    assert answer.text == "b\nz\n"
    answer = http.post("/", data={"query": "SELECT 1"}, files={"ext": b""})
    assert answer.headers["x-clickhouse-exception-code"] == "36"
