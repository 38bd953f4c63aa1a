"""The queries that analysts are shown run on the schema as it is."""

from collections.abc import Iterator

import pytest

from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from tests.docs.blocks import blocks
from throughline.gateway.running import running_gateway

pytestmark = [pytest.mark.chdb, pytest.mark.slow]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    with running_gateway(tmp_path_factory.mktemp("store")) as url, connect(url) as client:
        migrate(client)
        yield client


def test_every_query_runs(store: ClickHouse) -> None:
    statements = [part.strip() for block in blocks("docs/querying.md", "sql") for part in block.split(";")]
    asked = [statement for statement in statements if statement]
    assert len(asked) == 10
    for statement in asked:
        store.query(statement)


def test_every_view_it_names_is_there_and_commented(store: ClickHouse) -> None:
    found = store.query("SELECT name, comment FROM system.tables WHERE database = 'throughline'").rows
    commented = {name for name, comment in found if comment}
    fates = {"fates", "rejected", "duplicates", "freshness"}
    assert fates | {"timeline", "customer_timeline", "customers", "identity_changes"} <= commented
