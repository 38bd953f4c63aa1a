"""A table of ClickHouse, as the story of a range sees it, with its metrics."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from schemas.interaction import CHANNELS
from schemas.telemetry import Metrics, logger
from sinks.clickhouse.client import BadData
from sinks.errors import TransientError
from sinks.ranges import Range
from sinks.store import Refused
from sinks.tables import INTERACTIONS

SAMPLES: Final = 32  # rows of a range that the end-to-end histogram looks at
_RECEIVED: Final = b'Z","received_at":"'  # it follows occurred_at; a member of properties hardly follows a time
_CHANNEL: Final = b'"channel":"'


class Inserts(Protocol):
    """What we need of `sinks.clickhouse.client.ClickHouse`."""

    def insert_ready(self, table: str, rows: bytes, token: str) -> BadData | None:
        """Insert JSONEachRow bytes at most once under a token."""


class Warehouse:
    """Implements `sinks.store.Table`."""

    def __init__(self, client: Inserts, table: str, metrics: Metrics) -> None:
        self._client = client
        self._table = table
        self._metrics = metrics
        self._log = logger(table=table)

    def insert(self, batch: Range) -> Refused | None:
        """Insert a range under its token. Raises TransientError when it is unknown whether it was stored."""
        began = time.perf_counter()
        try:
            refused = self._client.insert_ready(self._table, batch.body(), batch.token)
        except TransientError as error:
            self._count("retried")
            self._log.warning("insert_failed", rows=len(batch.values), error=str(error))
            raise
        if refused is not None:
            self._count("bisected")
            return Refused(refused.detail, refused.row)
        self._metrics.insert.observe(time.perf_counter() - began)
        self._count("done")
        self._metrics.sink_rows.labels(self._table).inc(len(batch.values))
        if self._table == INTERACTIONS:
            self._observe(batch.values)
        return None

    def _count(self, result: str) -> None:
        self._metrics.sink_inserts.labels(self._table, result).inc()

    def _observe(self, values: Sequence[bytes]) -> None:
        """From received to queryable, of rows spread evenly over the range."""
        now = time.time()
        for value in values[:: max(1, len(values) // SAMPLES)]:
            channel, received = member(value, _CHANNEL), member(value, _RECEIVED)
            if channel not in CHANNELS:
                continue
            try:
                seconds = now - datetime.fromisoformat(received).timestamp()
            except ValueError:
                continue
            self._metrics.end_to_end.labels(channel).observe(max(0.0, seconds))


def member(value: bytes, name: bytes) -> str:
    """A short text member of JSON, found without parsing; empty where there is none."""
    begin = value.find(name)
    if begin < 0:
        return ""
    begin += len(name)
    end = value.find(b'"', begin, begin + 64)
    return value[begin:end].decode(errors="replace") if end >= 0 else ""
