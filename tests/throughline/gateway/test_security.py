"""Nothing outside the store can be reached, by anybody; `reader` changes nothing; other sites' pages are not heard."""

import stat
from pathlib import Path

import httpx
import pytest

from tests.throughline.gateway.conftest import Served

pytestmark = pytest.mark.chdb

_SECRET = "the content of a file of this machine"

OUTSIDE = [
    "SELECT * FROM file('{path}', 'LineAsString')",
    "SELECT * FROM `file`('{path}', 'LineAsString')",
    "SELECT * FROM '{path}'",
    "SELECT * FROM default.`{path}`",
    "SELECT * FROM filesystem('{folder}')",
    "DESCRIBE file('{path}', 'LineAsString')",
    "SELECT file('{path}')",
    "SELECT `file`('{path}')",
    "SELECT \"file\"('{path}')",
    "SELECT \u201cfile\u201d('{path}')",
    "SELECT `fil\\x65`('{path}')",
    "SELECT arrayMap(file, ['{path}'])",
    "SELECT * APPLY(file) FROM (SELECT '{path}' AS y)",
    "SELECT * APPLY file FROM (SELECT '{path}' AS y)",
    "SELECT arrayMap(x -> file(x), ['{path}'])",
    "WITH file AS f SELECT arrayMap(f, ['{path}'])",
    "SELECT {{f:Identifier}} FROM (SELECT arrayMap({{f:Identifier}}, ['{path}']))",
    "SELECT .5+length(file('{path}'))",
    "SELECT 1e--1\n, file('{path}')",
    "SELECT '/*', file('{path}') -- */",
    "SELECT $$ $$ , file('{path}') , $$ $$",
    "SELECT * FROM eval('SELECT file(''{path}'')') SETTINGS allow_experimental_eval_table_function = 1",
    "SELECT * FROM view(SELECT file('{path}'))",
    "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT file('{path}')))",
    "EXPLAIN SELECT file('{path}')",
    "SELECT * FROM merge(default, '.*')",
    "SELECT * FROM sqlite('{path}', 't')",
    "SELECT * FROM fileCluster('default', '{path}', 'LineAsString')",
    "SELECT * FROM icebergLocal('{folder}')",
    "SELECT * FROM deltaLakeLocal('{folder}')",
    "SELECT * FROM executable('cat {path}', 'TSV', 'x String')",
    "SELECT * FROM python('x')",
    "SELECT * FROM url('http://127.0.0.1:{port}/ping', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:{port}/bucket/key', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1:{port}', system.one)",
    "SELECT * FROM mysql('127.0.0.1:{port}', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:{port}', 'd', 't', 'u', 'p')",
    "SELECT * FROM mongodb('127.0.0.1:{port}', 'd', 't', 'u', 'p', 'x String')",
    "SELECT * FROM redis('127.0.0.1:{port}', 'k', 'k String, v String')",
    "SELECT * FROM jdbc('a', 'b')",
    "SELECT aiGenerate('x') SETTINGS allow_experimental_ai_functions = 1",
]
WRITING = [
    "SELECT 1 INTO OUTFILE '{fresh}'",
    "SELECT 1 INTO /* */ OUTFILE '{fresh}' TRUNCATE",
    "SELECT .5INTO OUTFILE '{fresh}'",
    "INSERT INTO FUNCTION file('{fresh}', 'TSV', 'x Int8') VALUES (1)",
    "INSERT INTO t FROM INFILE '{path}' FORMAT LineAsString",
    "CREATE TABLE f (x String) ENGINE = File(TSV, '{path}')",
    "CREATE TABLE f (x String) ENGINE = URL('http://127.0.0.1:{port}/', 'TSV')",
    "CREATE TABLE f (x Int8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk(type = 'local', path = '{folder}/d/')",
    "CREATE DICTIONARY d (x String) PRIMARY KEY x SOURCE(FILE(path '{path}' format 'TSV')) LAYOUT(FLAT()) LIFETIME(10)",
    "CREATE TABLE f (x String DEFAULT file('{path}')) ENGINE = Memory",
    "CREATE FUNCTION reads AS x -> file(x)",
    "CREATE TABLE f (x Int8) ENGINE = Executable('a', 'TSV')",
    "CREATE TABLE f (x Int8) ENGINE = EmbeddedRocksDB(0, '{folder}/rocks') PRIMARY KEY x",
    "CREATE TABLE f (x Int8) ENGINE = S3('http://127.0.0.1:{port}/bucket/key', 'TSV')",
    "CREATE TABLE f (x Int8) ENGINE = Distributed('a', 'b', 'c')",
    "CREATE DATABASE f ENGINE = Filesystem('{folder}')",
    "CREATE DATABASE f ENGINE = SQLite('{folder}/x.db')",
    "CREATE DATABASE f ENGINE = DataLakeCatalog('http://127.0.0.1:{port}') SETTINGS warehouse = 'x'",
    "CREATE USER someone",
    "GRANT ALL ON *.* TO default",
    "BACKUP DATABASE throughline TO File('{fresh}')",
    "ATTACH TABLE q FROM '{folder}' (x Int8) ENGINE = MergeTree ORDER BY x",
    "SYSTEM SHUTDOWN",
    "SYSTEM KILL",
]
CHANGING = [
    "CREATE TABLE r (x Int8) ENGINE = Memory",
    "INSERT INTO r VALUES (1)",
    "DROP DATABASE throughline",
    "ALTER TABLE r DELETE WHERE 1",
    "TRUNCATE TABLE r",
    "OPTIMIZE TABLE r",
    "KILL QUERY WHERE 1",
    "SYSTEM STOP MERGES",
    "CREATE VIEW v AS SELECT 1",
    "SET readonly = 0",
    "ATTACH TABLE r",
    "WITH 1 AS a INSERT INTO r SELECT a",
    "",
]


def _filled(sql: str, folder: Path, served: Served) -> str:
    path = folder / "secret"
    path.write_text(_SECRET)
    return sql.format(path=path, folder=folder, fresh=folder / "fresh", port=served.base.port)


@pytest.mark.parametrize("sql", OUTSIDE + WRITING)
@pytest.mark.parametrize("user", ["throughline", "reader"])
def test_nothing_outside_the_store(served: Served, tmp_path: Path, user: str, sql: str) -> None:
    with served.http(served.url if user == "throughline" else served.reader_url) as http:
        answer = http.post("/", params={"param_f": "file"}, content=_filled(sql, tmp_path, served).encode())
    assert answer.status_code != 200, answer.text
    assert _SECRET not in answer.text
    assert "x-clickhouse-exception-code" in answer.headers
    assert not (tmp_path / "fresh").exists()


@pytest.mark.parametrize("sql", CHANGING)
@pytest.mark.parametrize("params", [{}, {"readonly": "0"}, {"session_id": "r"}])
def test_the_reader_changes_nothing(reader: httpx.Client, sql: str, params: dict[str, str]) -> None:
    answer = reader.post("/", params=params, content=sql)
    assert answer.status_code != 200, answer.text


def test_the_reader_reads(reader: httpx.Client) -> None:
    for sql in (
        "SELECT 1",
        "WITH 1 AS a SELECT a",
        "SHOW TABLES",
        "DESCRIBE system.one",
        "EXISTS x",
        "EXPLAIN SELECT 1",
    ):
        assert reader.post("/", content=sql).status_code == 200
    answer = reader.post(
        "/", params={"max_threads": "1"}, content="SELECT getSetting('max_threads'), getSetting('readonly')"
    )
    assert answer.text == "1\t2\n"


def test_a_column_called_file_is_read_with_its_table(reader: httpx.Client) -> None:
    """The price of refusing the function by name."""
    inner = 'SELECT * FROM format(JSONEachRow, \'{"file": "a.txt"}\')'
    assert reader.post("/", content=f"SELECT t.file FROM ({inner}) AS t").text == "a.txt\n"
    assert reader.post("/", content=f"SELECT file FROM ({inner}) AS t").status_code == 403


def test_requests_without_a_right_password_are_refused(served: Served) -> None:
    ask = {"query": "SELECT 1"}
    answer = httpx.get(served.base, params=ask)
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (401, "194")
    assert answer.headers["www-authenticate"].startswith("Basic")
    for user, password in (("throughline", ""), ("throughline", "wrong"), ("default", ""), ("nobody", "x")):
        said = {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
        for answer in (
            httpx.get(served.base, params=ask, auth=(user, password)),
            httpx.get(served.base, params={**ask, "user": user, "password": password}),
            httpx.get(served.base, params=ask, headers=said),
        ):
            assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (403, "516")
    assert httpx.get(served.base, params=ask, auth=("reader", "\u00e9")).status_code == 403
    for header in ("Bearer abc", "Basic !!!", "Basic"):
        answer = httpx.get(served.base, params=ask, headers={"Authorization": header})
        assert answer.status_code == 403


def test_the_three_ways_to_say_who_one_is(served: Served) -> None:
    given = httpx.URL(served.url)
    ask = {"query": "SELECT 1"}
    said = {"X-ClickHouse-User": given.username, "X-ClickHouse-Key": given.password}
    assert httpx.get(served.base, params=ask, headers=said).text == "1\n"
    assert httpx.get(served.base, params={**ask, "user": given.username, "password": given.password}).text == "1\n"
    assert httpx.get(served.base, params=ask, auth=(given.username, given.password)).text == "1\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8123"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_pages_are_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    answer = http.post("/", headers=headers, content="SELECT 1")
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (403, "497")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "127.0.0.1:1", "[::1]:8123", "10.1.2.3", "LOCALHOST."])
def test_our_own_names_are_heard(http: httpx.Client, host: str) -> None:
    assert http.post("/", headers={"Host": host, "Sec-Fetch-Site": "none"}, content="SELECT 1").text == "1\n"


def test_the_passwords_are_for_their_owner_alone(served: Served) -> None:
    folder = served.data_dir / "clickhouse"
    assert stat.S_IMODE((folder / "users.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
