"""The schema: applied once, repeatable, by several at once, and fully commented."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sinks.clickhouse.client import Login, connect
from sinks.clickhouse.migrate import MigrationError, Script, dictionaries, migrate, migrations, pending, views
from tests.sinks.conftest import Store

TABLES = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"


def test_numbers_have_no_gaps() -> None:
    assert [script.number for script in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_statement_may_be_run_again() -> None:
    for script in migrations():
        for statement in script.statements:
            words = " ".join(statement.split())
            assert any(kind in words for kind in (" IF NOT EXISTS ", " IF EXISTS ", " MODIFY SETTING ")), script.name
    for script in views():
        assert [s for s in script.statements if "CREATE OR REPLACE VIEW " in s] == script.statements
    for script in dictionaries("throughline", Login("default")):
        assert [s for s in script.statements if "CREATE OR REPLACE DICTIONARY " in s] == script.statements


def test_statements_are_told_apart_at_the_end_of_a_line() -> None:
    script = Script("x", "-- why; not\nSELECT ';' AS a;\n\n-- b\nSELECT 2;\n-- end\n")
    assert script.statements == ["-- why; not\nSELECT ';' AS a", "-- b\nSELECT 2"]


@pytest.mark.chdb
def test_migrating_again_changes_nothing(empty_store: Store) -> None:
    names = [script.name for script in migrations()]
    assert migrate(empty_store.client, dry_run=True) == names
    assert not empty_store.client.has_table("interactions")
    assert migrate(empty_store.client) == names
    before = empty_store.client.query(TABLES)
    assert migrate(empty_store.client) == []
    assert pending(empty_store.client) == []
    assert empty_store.client.query(TABLES) == before
    assert empty_store.one("SELECT count() FROM migrations") == len(names)


@pytest.mark.chdb
def test_several_may_migrate_at_once(empty_store: Store) -> None:
    def one(_: int) -> list[str]:
        with connect(empty_store.url) as client:
            return migrate(client)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(6)))
    assert migrate(empty_store.client) == []
    assert empty_store.one("SELECT uniqExact(number) = count() FROM migrations FINAL") == 1


@pytest.mark.chdb
def test_an_edited_migration_is_refused(store: Store) -> None:
    store.client.command("INSERT INTO migrations (number, name, checksum) VALUES (1, '0001_interactions', 'other')")
    with pytest.raises(MigrationError, match="0001_interactions was edited"):
        migrate(store.client)


@pytest.mark.chdb
def test_an_older_program_leaves_a_newer_schema_alone(store: Store) -> None:
    store.client.command("INSERT INTO migrations (number, name, checksum) VALUES (999, '0999_later', 'x')")
    with pytest.raises(MigrationError, match="newer program"):
        migrate(store.client)
    assert pending(store.client) == []


@pytest.mark.chdb
def test_everything_has_a_comment(store: Store) -> None:
    bare = store.client.query(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''"
        # ClickHouse lists no columns of a view with parameters, and lets those of a dictionary have no comment
        " AND table NOT IN ('customer_timeline', 'identity_now', 'identity_before')"
    )
    assert bare.rows == []
    assert (
        store.client.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''").rows
        == []
    )


@pytest.mark.chdb
def test_every_table_remembers_tokens(store: Store) -> None:
    tables = store.client.query(
        "SELECT name, create_table_query FROM system.tables"
        " WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name NOT IN ('migrations', 'fields_seen')"
    ).rows
    assert len(tables) == 14
    for name, created in tables:
        assert "non_replicated_deduplication_window = 100000" in created, name
        assert "fsync_after_insert = 1" in created or name == "source_freshness", name
