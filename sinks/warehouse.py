"""A table of ClickHouse, as the story of ranges sees it, with its metrics."""

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from schemas.telemetry import Metrics, logger
from sinks.clickhouse.client import BadData
from sinks.errors import TransientError
from sinks.pulse import Pulse
from sinks.ranges import Range, body
from sinks.store import Refused

RESULTS: Final = ("done", "retried", "bisected")


class Inserts(Protocol):
    """What we need of `sinks.clickhouse.client.ClickHouse`."""

    def insert_ready(self, table: str, rows: bytes, token: str) -> BadData | None:
        """Insert JSONEachRow bytes at most once under a token."""


class Warehouse:
    """Implements `sinks.store.Table`."""

    def __init__(
        self,
        client: Inserts,
        table: str,
        metrics: Metrics,
        pulse: Pulse,
        stored: Callable[[Sequence[bytes]], None] | None = None,
    ) -> None:
        """`pulse` is told of what waits, `stored` of rows that ClickHouse has acknowledged."""
        self._client = client
        self._table = table
        self._metrics = metrics
        self._pulse = pulse
        self._stored = stored or (lambda _: None)
        self._log = logger(table=table)
        for result in RESULTS:
            metrics.sink_inserts.labels(table, result)  # 0 from the first scrape on, so that a rise is seen

    def insert(self, ranges: Sequence[Range]) -> Refused | None:
        """Insert ranges under their token. Raises TransientError when it is unknown whether they were stored."""
        began, rows = time.perf_counter(), sum(len(batch.values) for batch in ranges)
        try:
            rows_ready = body(ranges)
            with self._pulse.inserting():
                refused = self._client.insert_ready(self._table, rows_ready, ranges[0].token)
        except TransientError as error:
            self._count("retried")
            self._log.warning("insert_failed", rows=rows, error=str(error))
            raise
        if refused is not None:
            self._count("bisected")
            return Refused(refused.detail, refused.row)
        self._metrics.insert.observe(time.perf_counter() - began)
        self._count("done")
        self._metrics.sink_rows.labels(self._table).inc(rows)
        self._log.debug("ranges_stored", rows=rows, partitions=[batch.where.partition for batch in ranges])
        for batch in ranges:
            self._stored(batch.values)
        return None

    def _count(self, result: str) -> None:
        self._metrics.sink_inserts.labels(self._table, result).inc()
