"""Rows are looked for where analysts look, and what stays away is counted."""

import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.telemetry import Metrics
from sinks import read_back
from sinks.clickhouse.client import Result
from sinks.errors import FatalError, TransientError
from sinks.pulse import Pulse
from sinks.ranges import Range, Where
from sinks.read_back import BURST, EACH, ReadBack, sample
from sinks.warehouse import Warehouse
from tests.sinks.conftest import Store
from tests.sinks.rows import interaction, stamp
from tests.sinks.running import until


def rows(count: int, ago: float = 2.0, first: int = 0, user: str = "ada", **members: object) -> list[bytes]:
    """Records that were received so many seconds ago, and happened then."""
    now = stamp(datetime.now(UTC) - timedelta(seconds=ago))
    said = {"received_at": now, "occurred_at": now} | members
    return [interaction(first + n, user, **said) for n in range(count)]


@dataclass
class Shows:
    """A ClickHouse that shows these ids."""

    ids: set[str] = field(default_factory=set)
    is_away: bool = False
    has_no_view: bool = False
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        assert "FROM timeline" in sql
        self.asked.append(parameters or {})
        if self.is_away:
            raise TransientError("away")
        if self.has_no_view:
            raise FatalError("UNKNOWN_TABLE (60): timeline")
        return Result(("id",), [(one,) for one in self.ids])


def value(metrics: Metrics, name: str, channel: str = "web") -> float:
    return metrics.registry.get_sample_value(f"throughline_{name}", {"channel": channel}) or 0.0


def test_a_sample_is_spread_over_the_range_and_its_channels() -> None:
    values = rows(900) + rows(100, channel="call_center")
    found = sample(values)
    assert [row.channel for row in found] == ["web"] * EACH + ["call_center"] * EACH
    assert sample([]) == []


def test_what_is_no_interaction_or_happened_long_ago_is_left_out() -> None:
    long_ago = stamp(datetime.now(UTC) - timedelta(days=2))
    assert sample([b"{}", b"junk", *rows(1, occurred_at=long_ago), *rows(1, channel="elsewhere")]) == []


def test_a_row_that_shows_is_measured_from_its_receipt_to_the_answer() -> None:
    metrics = Metrics()
    [row] = sample(rows(1, ago=7.0))
    clickhouse = Shows({row.event_id})
    ReadBack(clickhouse, metrics).look([row])
    assert value(metrics, "end_to_end_seconds_count") == 1
    assert 7.0 <= value(metrics, "end_to_end_seconds_sum") < 60
    assert clickhouse.asked == [{"tenants": ["default"], "subjects": ["user_id:ada"], "ids": [row.event_id]}]


def test_a_row_that_does_not_show_is_looked_for_again_and_then_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, clickhouse = Metrics(), Shows()
    reader = ReadBack(clickhouse, metrics)
    reader.look(sample(rows(1)))
    reader.look([])
    assert len(clickhouse.asked) == 2
    assert value(metrics, "read_back_missing_total") == 0
    monkeypatch.setattr(read_back, "PATIENCE_S", -1.0)
    late = ReadBack(clickhouse, metrics)
    late.look(sample(rows(1)))
    late.look([])
    assert len(clickhouse.asked) == 3
    assert value(metrics, "read_back_missing_total") == 1
    assert value(metrics, "end_to_end_seconds_count") == 0


def test_while_clickhouse_is_away_nothing_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, clickhouse = Metrics(), Shows(is_away=True)
    monkeypatch.setattr(read_back, "PATIENCE_S", -1.0)
    reader = ReadBack(clickhouse, metrics)
    [row] = sample(rows(1))
    reader.look([row])
    clickhouse.is_away, clickhouse.ids = False, {row.event_id}
    reader.look([])
    assert (value(metrics, "read_back_missing_total"), value(metrics, "end_to_end_seconds_count")) == (0, 1)


def test_rows_that_a_view_which_is_gone_cannot_show_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, clickhouse = Metrics(), Shows(has_no_view=True)
    reader = ReadBack(clickhouse, metrics)
    reader.look(sample(rows(1)))
    assert value(metrics, "read_back_missing_total") == 0  # it may be made anew just now
    monkeypatch.setattr(read_back, "PATIENCE_S", -1.0)
    late = ReadBack(clickhouse, metrics)
    late.look(sample(rows(1)))
    assert value(metrics, "read_back_missing_total") == 1


def test_while_much_comes_few_are_asked_for_and_while_little_comes_all_are() -> None:
    clickhouse = Shows()
    reader = ReadBack(clickhouse, Metrics())
    for _ in range(1000):
        reader.offer(rows(1))
    reader.start()
    reader.stop()
    assert len(clickhouse.asked) == BURST


@pytest.mark.chdb
@pytest.mark.slow
def test_rows_that_a_warehouse_has_stored_are_found_in_the_timeline(store: Store) -> None:
    metrics = Metrics()
    reader = ReadBack(store.client, metrics)
    reader.start()
    values = rows(3) + rows(3, first=3, user='o\'hara \\ "x"', channel="chat")
    batch = Range(Where("t", UUID(int=1), 0), 0, 5, array("q", range(6)), values)
    began = time.time()
    Warehouse(store.client, "interactions", metrics, Pulse(store.client, metrics), reader.offer).insert([batch])
    until(lambda: [value(metrics, "end_to_end_seconds_count", channel) for channel in ("web", "chat")], [EACH, EACH])
    reader.stop()
    assert 2 * EACH <= value(metrics, "end_to_end_seconds_sum") <= EACH * (time.time() - began + 10)
