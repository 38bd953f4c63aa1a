"""The queries that analysts are shown run on the schema as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.ids import profile_id
from sinks.audit.bounds import Mark
from sinks.audit.fates import Fates
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from sinks.ranges import Where
from sinks.tables import INTERACTIONS, MAP
from tests.docs.blocks import blocks
from tests.sinks.identity import always, mapped
from tests.sinks.rows import RAW_ID, interaction
from throughline.gateway.house import READER
from throughline.gateway.running import running_gateway, url

pytestmark = [pytest.mark.chdb, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[ClickHouse]:
    with running_gateway(folder) as served, connect(served) as client:
        migrate(client)
        yield client


def statements() -> list[str]:
    """All of the page."""
    parts = [part.strip() for block in blocks("docs/querying.md", "sql") for part in block.split(";")]
    return [part for part in parts if part]


@pytest.mark.usefixtures("store")
def test_every_query_runs_for_those_who_only_read(folder: Path) -> None:
    asked = statements()
    assert len(asked) == 15
    with connect(url(folder, READER)) as reader:
        for statement in asked:
            reader.query(statement)


def test_everybody_is_who_the_timeline_says(store: ClickHouse) -> None:
    ada = [interaction(number, "ada", channel=("web", "email")[number % 2]) for number in range(20, 24)]
    same = [interaction(30, "ada2"), interaction(31, "bob", occurred_at="2026-04-01T00:00:00Z")]
    assert not store.insert_ready(INTERACTIONS, b"\n".join([*ada, *same]), "everybody")
    merged = (mapped(f"user_id:{name}", 1, always(profile_id("default", "user_id:ada"))) for name in ("ada", "ada2"))
    assert not store.insert_ready(MAP, b"\n".join(merged), "merged")
    for name in ("identity_now", "identity_before"):
        store.command(f"SYSTEM RELOAD DICTIONARY {name}")
    reached, used, months = (
        next(text for text in statements() if words in text)
        for words in ("people each channel", "number of channels", "last seen when")
    )
    for asked in (reached, reached.replace("population", "timeline")):
        assert {tuple(row) for row in store.query(asked).rows} == {("email", 1, 2), ("web", 2, 4)}
    assert list(store.query(used.replace("toStartOfYear(now())", "'2026-01-01'")).rows) == [(1, 1), (2, 1)]
    assert [row[1] for row in store.query(months).rows] == [1, 1]


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
    fates = {
        "fates",
        "accepted",
        "rejected",
        "duplicates",
        "freshness",
        "population",
        "identity_now",
        "identity_before",
    }
    assert fates | {"timeline", "customer_timeline", "customers", "identity_changes"} <= commented
