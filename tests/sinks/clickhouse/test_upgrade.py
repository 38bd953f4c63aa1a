"""An older database is brought to the schema of this one with all that it holds, however it is cut off."""

import itertools
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.ids import profile_id
from sinks.clickhouse.client import ClickHouse
from sinks.clickhouse.migrate import _apply, _prepare, migrate, migrations, pending
from sinks.tables import CHANGES, DUPLICATES, EVIDENCE, INTERACTIONS, MAP, PROFILES, REJECTED
from tests.sinks.conftest import Store
from tests.sinks.identity import Trait, always, change, link, mapped, profile
from tests.sinks.rows import duplicate, interaction, rejected

pytestmark = [pytest.mark.chdb, pytest.mark.timeout(600)]

OLD = 10  # the migration that the older program ended with
ADA = profile_id("default", "user_id:ada")
ROWS = {
    INTERACTIONS: [interaction(number, occurred_at=f"{2020 + number % 3}-01-01T00:00:00Z") for number in range(9)],
    DUPLICATES: [duplicate(20, 1), duplicate(21, 2)],
    REJECTED: [rejected(30), rejected(None, b"a")],
    EVIDENCE: [link("user_id:ada", "email:a@x.de", 1)],
    MAP: [mapped("user_id:ada", 1, always(ADA)), mapped("email:a@x.de", 1, always(ADA)), mapped("phone:+49301", 1)],
    PROFILES: [profile(ADA, 1, ["user_id:ada", "email:a@x.de"], {"plan": Trait("pro")})],
    CHANGES: [change(1, "merged", ["user_id:ada", "email:a@x.de"], [ADA, UUID(int=1)])],
}
TABLES = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name"
COLUMNS = "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}"


class KilledError(Exception):
    """The program died here."""


class Dying(ClickHouse):
    """A connection of a program that dies before its next statement once it has made so many."""

    def __init__(self, client: ClickHouse, left: int) -> None:
        super().__init__(client._client, client.database)
        self.left = left

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None, *, use_database: bool = True) -> None:
        self.left -= 1
        if self.left < 0:
            raise KilledError
        super().command(sql, parameters, use_database=use_database)


def held(client: ClickHouse, columns: Mapping[str, str]) -> dict[str, list[bytes]]:
    """The rows of some tables."""
    return {
        table: sorted(client.text(f"SELECT {names} FROM `{table}`", "JSONEachRow").splitlines())
        for table, names in columns.items()
    }


@pytest.fixture
def old(empty_store: Store) -> Store:
    """A database as the older program left it, with rows in every table."""
    _prepare(empty_store.client)
    for script in migrations()[:OLD]:
        _apply(empty_store.client, script)
    for table, rows in ROWS.items():
        assert empty_store.client.insert_ready(table, b"\n".join(rows), uuid4().hex) is None
    return empty_store


def test_nothing_is_lost_wherever_it_is_cut_off(old: Store) -> None:
    tables = [str(row[0]) for row in old.client.query(TABLES).rows if row[0] != "migrations"]
    columns = {
        table: ", ".join(f"`{row[0]}`" for row in old.client.query(COLUMNS, {"table": table}).rows) for table in tables
    }
    before = held(old.client, columns)
    assert all(before.values())
    for statements in itertools.count():
        try:
            migrate(Dying(old.client, statements))
        except KilledError:
            continue
        break
    assert statements > len(migrations()) - OLD
    assert pending(old.client) == []
    assert held(old.client, columns) == before
    assert old.one("SELECT count() FROM timeline WHERE profile_id = toUUID('" + str(ADA) + "')") == len(
        ROWS[INTERACTIONS]
    )
    assert old.one("SELECT count() FROM population WHERE profile_id = toUUID('" + str(ADA) + "')") == len(
        ROWS[INTERACTIONS]
    )
    assert old.one("SELECT count() FROM fates") == len(ROWS[INTERACTIONS]) + 3
    assert old.one("SELECT count() FROM customers WHERE traits.plan = 'pro'") == 1
