"""A ClickHouse for the sink's tests: the embedded store behind its gateway, a database of its own for each test."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import pytest

from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from throughline.gateway.running import running_gateway


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gateway(tmp_path_factory.mktemp("clickhouse")) as url:
        yield url


@dataclass(frozen=True)
class Store:
    """A database with the current schema."""

    url: str
    client: ClickHouse

    def one(self, sql: str) -> object:
        """The only value of an answer."""
        return self.client.query(sql).rows[0][0]

    def ask(self, sql: str) -> list[dict[str, object]]:
        """The rows of an answer, as a client that reads JSON has them."""
        return [orjson.loads(line) for line in self.client.text(sql, "JSONEachRow").splitlines()]

    def put(self, table: str, *rows: bytes) -> None:
        """Insert rows, under a token of their own."""
        assert self.client.insert_ready(table, b"\n".join(rows), uuid4().hex) is None


@pytest.fixture
def empty_store(clickhouse_url: str) -> Iterator[Store]:
    """A database that is not there yet."""
    url = urlsplit(clickhouse_url)._replace(path=f"/t{uuid4().hex}").geturl()
    with connect(url) as client:
        yield Store(url, client)
        client.command(f"DROP DATABASE IF EXISTS {client.database}", use_database=False)


@pytest.fixture
def store(empty_store: Store) -> Store:
    migrate(empty_store.client)
    return empty_store
