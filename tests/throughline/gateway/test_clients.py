"""The clients that people use, as they come from their makers."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import clickhouse_connect
import pytest
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.throughline.gateway.conftest import Served

pytestmark = pytest.mark.chdb
HERE = Path(__file__).parent / "node"


def _first(client: Client, sql: str) -> Sequence[Any]:
    row = client.query(sql).first_row
    assert row is not None
    return row


def test_query_and_parameters(connect: Client) -> None:
    result = connect.query(
        "SELECT {n:Int64} + 1 AS n, {s:String} AS s, {l:Array(String)} AS l, {t:DateTime64(3, 'UTC')} AS t",
        parameters={
            "n": 1,
            "s": "it's\t\n\\ FORMAT;",
            "l": ["a'", "b"],
            "t": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        },
    )
    assert result.column_names == ("n", "s", "l", "t")
    n, s, words, moment = result.result_rows[0]
    assert (n, s, words) == (2, "it's\t\n\\ FORMAT;", ["a'", "b"])
    assert moment.replace(tzinfo=UTC) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert result.summary["result_rows"] == "1"


def test_types_go_and_come_back(connect: Client) -> None:
    connect.command(
        "CREATE TABLE types (u UUID, t DateTime64(3, 'UTC'), l LowCardinality(String), o Nullable(Float64),"
        " a Array(Tuple(String, Int32)), m Map(String, String), d Decimal(18, 4), j JSON) ENGINE = MergeTree ORDER BY t"
    )
    moment = datetime(2026, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
    row = [uuid4(), moment, "low", None, [("a", 1), ("b", 2)], {"k": "v"}, 12.5, {"a": {"b": 1}, "c": ["d"]}]
    connect.insert("types", [row])
    stored = _first(connect, "SELECT * FROM types")
    connect.command("DROP TABLE types")
    assert isinstance(stored[0], UUID)
    assert (stored[0], *stored[2:6], float(stored[6]), stored[7]) == (row[0], *row[2:8])
    assert stored[1].replace(tzinfo=UTC) == moment


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_insert_and_stream(served: Served, table: str, compress: str | bool) -> None:
    client = clickhouse_connect.get_client(dsn=served.url, compress=compress)
    rows = [[n, f"row {n}"] for n in range(50_000)]
    assert client.insert(table, rows, column_names=["n", "s"]).written_rows == 50_000
    with client.query_row_block_stream(f"SELECT n, s FROM {table} ORDER BY n") as blocks:
        assert [list(row) for block in blocks for row in block] == rows
    client.close()


def test_raw_insert_under_a_token(connect: Client, table: str) -> None:
    rows = b'{"n": 1, "s": "a"}\n{"n": 2, "s": "b"}\n'
    for _ in range(2):
        connect.raw_insert(table, insert_block=rows, fmt="JSONEachRow", settings={"insert_deduplication_token": "x"})
    assert connect.command(f"SELECT count() FROM {table}") == 2
    with pytest.raises(DatabaseError, match="Code: 27"):
        connect.raw_insert(table, insert_block=b'{"n": "no"}', fmt="JSONEachRow")


def test_errors_reach_the_client(connect: Client) -> None:
    with pytest.raises(DatabaseError, match="Code: 47"):
        connect.query("SELECT nosuch")
    with (
        pytest.raises(DatabaseError, match="395"),
        connect.query_row_block_stream("SELECT throwIf(number = 2000000) FROM numbers(3000000)") as blocks,
    ):
        for _ in blocks:
            pass
    assert _first(connect, "SELECT 1") == (1,)


def test_a_data_frame(connect: Client) -> None:
    frame = connect.query_df("SELECT number AS n, toString(number) AS s FROM numbers(10)")
    assert list(frame["n"]) == list(range(10))
    assert connect.query_arrow("SELECT number FROM numbers(10)").num_rows == 10


async def test_many_clients_at_once(served: Served, table: str) -> None:
    def work(part: int) -> int:
        client = clickhouse_connect.get_client(dsn=served.url)
        client.insert(table, [[n, "a"] for n in range(part * 1000, part * 1000 + 1000)], column_names=["n", "s"])
        count = _first(client, f"SELECT count() FROM {table} WHERE intDiv(n, 1000) = {part}")[0]
        client.close()
        return int(count)

    assert await asyncio.gather(*(asyncio.to_thread(work, part) for part in range(20))) == [1000] * 20


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of the client of package.json; a failing npm fails the test."""
    wanted = (HERE / "package.json").read_text()
    mark = HERE / "node_modules" / ".installed-for"
    if not mark.exists() or mark.read_text() != wanted:
        npm = shutil.which("npm")
        assert npm, "npm is missing: install Node.js 20 or newer"
        command = [
            npm,
            "install",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        mark.write_text(wanted)
    return HERE / "node_modules"


@pytest.mark.slow
@pytest.mark.usefixtures("node_modules")
def test_the_client_for_node(served: Served) -> None:
    done = subprocess.run(
        ["node", HERE / "client.mjs", served.url], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "ping": True,
        "rows": [{"n": 7, "s": "FORMAT 7;", "b": 7}],
        "query_id": True,
        "whole": [{"c": 20000, "s": 199990000}],
        "streamed": 20000,
        "error": {"code": "47", "type": "UNKNOWN_IDENTIFIER"},
        "session": "1\n2\n",
        "aborted": True,
    }
