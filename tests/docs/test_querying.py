"""The queries that analysts are shown run on the schema as it is."""

from collections.abc import Iterator

import pytest

from sinks.audit.bounds import Mark
from sinks.audit.fates import Fates
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from sinks.ranges import Where
from sinks.tables import INTERACTIONS
from tests.docs.blocks import blocks
from tests.sinks.rows import RAW_ID, interaction
from throughline.gateway.running import running_gateway

pytestmark = [pytest.mark.chdb, pytest.mark.slow]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    with running_gateway(tmp_path_factory.mktemp("store")) as url, connect(url) as client:
        migrate(client)
        yield client


def statements() -> list[str]:
    """All of the page."""
    parts = [part.strip() for block in blocks("docs/querying.md", "sql") for part in block.split(";")]
    return [part for part in parts if part]


def test_every_query_runs(store: ClickHouse) -> None:
    asked = statements()
    assert len(asked) == 13
    for statement in asked:
        store.query(statement)


def test_the_ledger_shows_what_was_lost(store: ClickHouse) -> None:
    assert not store.insert_ready(INTERACTIONS, b"\n".join(interaction(n) for n in (0, 3, 4, 9)), "some")
    where, never_stored = (Where("interactions.web", RAW_ID, partition) for partition in (0, 1))
    marks = {where: Mark(0, 9, 7, 1.0, 0), never_stored: Mark(5, 9, 8, 1.0, 0)}
    Fates(store, ["interactions.web"]).keep(marks)
    [ledger], [lost] = ([text for text in statements() if words in text] for words in ("The ledger", "that were lost"))
    counts = [tuple(row[2:5]) for row in store.query(ledger).rows]
    assert counts == [(0, 7, 3), (1, 3, 0)]
    assert [tuple(row[2:]) for row in store.query(lost).rows] == [(0, 1, 2), (0, 5, 6), (1, 5, 7)]


def test_every_view_it_names_is_there_and_commented(store: ClickHouse) -> None:
    found = store.query("SELECT name, comment FROM system.tables WHERE database = 'throughline'").rows
    commented = {name for name, comment in found if comment}
    fates = {"fates", "accepted", "rejected", "duplicates", "freshness"}
    assert fates | {"timeline", "customer_timeline", "customers", "identity_changes"} <= commented
