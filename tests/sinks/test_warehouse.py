"""Metrics of inserts."""

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from schemas.telemetry import Metrics
from sinks.clickhouse.client import BadData
from sinks.errors import TransientError
from sinks.pulse import Pulse
from sinks.ranges import Range, Where
from sinks.store import Refused
from sinks.warehouse import Warehouse
from tests.sinks.rows import interaction, stamp


@dataclass
class Answers:
    """A ClickHouse that answers as told."""

    answer: BadData | TransientError | None = None

    def insert_ready(self, table: str, rows: bytes, token: str) -> BadData | None:
        if isinstance(self.answer, TransientError):
            raise self.answer
        return self.answer

    def command(self, sql: str) -> None:
        raise AssertionError(sql)


def batch(count: int) -> Range:
    now = stamp(datetime.fromtimestamp(time.time() - 2, UTC))
    values = [interaction(n, received_at=now, properties={"received_at": "2001"}) for n in range(count)]
    return Range(Where("t", UUID(int=1), 0), 0, count - 1, array("q", range(count)), values)


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"throughline_{name}", labels) or 0.0


def test_what_was_stored_is_counted_and_timed() -> None:
    metrics = Metrics(CollectorRegistry())
    stored: list[Sequence[bytes]] = []
    whole = batch(100)
    assert (
        Warehouse(Answers(), "interactions", metrics, Pulse(Answers(), metrics), stored.append).insert([whole]) is None
    )
    assert stored == [whole.values]
    assert value(metrics, "sink_rows_total", table="interactions") == 100
    assert value(metrics, "sink_inserts_total", table="interactions", result="done") == 1


def test_refusals_and_failures_are_told_apart() -> None:
    metrics = Metrics(CollectorRegistry())
    assert Warehouse(Answers(BadData("why", 3)), "interactions", metrics, Pulse(Answers(), metrics)).insert(
        [batch(1)]
    ) == Refused("why", 3)
    with pytest.raises(TransientError):
        Warehouse(Answers(TransientError("away")), "interactions", metrics, Pulse(Answers(), metrics)).insert(
            [batch(1)]
        )
    for result in ("bisected", "retried"):
        assert value(metrics, "sink_inserts_total", table="interactions", result=result) == 1
    assert value(metrics, "sink_rows_total", table="interactions") == 0
