"""The schema with the collapse of copies taken away."""

from collections.abc import Mapping
from typing import Any, Final

from sinks.clickhouse.client import ClickHouse
from sinks.clickhouse.migrate import migrate

_TABLE: Final = "CREATE TABLE IF NOT EXISTS interactions\n"
_ENGINE: Final = "ENGINE = ReplacingMergeTree(precedence)"


class _Plain(ClickHouse):
    """Makes the table of interactions a plain one, and has every view read it as it is."""

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None, *, use_database: bool = True) -> None:
        if _TABLE in sql:
            assert _ENGINE in sql
            sql = sql.replace(_ENGINE, "ENGINE = MergeTree")
        super().command(
            sql.replace("FROM interactions FINAL", "FROM interactions"), parameters, use_database=use_database
        )


def migrate_without_collapse(store: ClickHouse) -> None:
    """As `migrate`, but copies of an interaction stay side by side."""
    migrate(_Plain(store._client, store.database))
