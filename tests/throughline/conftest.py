"""A ClickHouse for the commands' tests: the sink's own."""

from tests.sinks.conftest import clickhouse_url, empty_store, store

__all__ = ["clickhouse_url", "empty_store", "store"]
