"""One gateway for all tests of this folder, and the ways to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver import Client

from throughline.gateway import running
from throughline.gateway.house import READER


@dataclass(frozen=True, slots=True)
class Served:
    """A running gateway."""

    data_dir: Path
    url: str
    reader_url: str

    @property
    def base(self) -> httpx.URL:
        return httpx.URL(self.url).copy_with(path="/", username=None, password=None)

    def http(self, url: str | None = None) -> httpx.Client:
        """A plain HTTP client, as curl would be."""
        given = httpx.URL(url or self.url)
        return httpx.Client(base_url=self.base, auth=(given.username, given.password), timeout=30)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data_dir = tmp_path_factory.mktemp("gateway")
    with running.running_gateway(data_dir) as url:
        yield Served(data_dir, url, running.url(data_dir, READER))


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    """As the user `throughline`."""
    with served.http() as client:
        yield client


@pytest.fixture
def reader(served: Served) -> Iterator[httpx.Client]:
    """As the user `reader`."""
    with served.http(served.reader_url) as client:
        yield client


@pytest.fixture
def connect(served: Served) -> Iterator[Client]:
    """clickhouse-connect, as the sink and notebooks use it."""
    client = clickhouse_connect.get_client(dsn=served.url)
    yield client
    client.close()


@pytest.fixture
def table(connect: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty table (n Int64, s String) of the test's own, durable and with a window for tokens."""
    name = f"t_{abs(hash(request.node.nodeid))}"
    connect.command(f"DROP TABLE IF EXISTS {name}")
    connect.command(
        f"CREATE TABLE {name} (n Int64, s String) ENGINE = MergeTree ORDER BY n"
        " SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1"
    )
    yield name
    connect.command(f"DROP TABLE {name}")
