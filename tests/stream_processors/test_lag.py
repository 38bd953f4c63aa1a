"""The lag of a worker and what it found to be lost, as metrics."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from schemas.telemetry import Metrics
from stream_processors import lag
from stream_processors.app import App
from stream_processors.lag import ages, report_lag
from stream_processors.transport.progress import Progress


@dataclass
class Reader:
    """What is asked of the transport's consumer; each loss is told in its turn."""

    lags: dict[tuple[str, int], int]
    losses: list[dict[str, int]]
    progress: Progress = field(default_factory=lambda: Progress(1))

    @property
    def lost(self) -> dict[str, int]:
        return self.losses.pop(0) if len(self.losses) > 1 else self.losses[0]


@dataclass
class Reading:
    reader: Reader


async def test_lags_are_told_and_each_loss_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "_EVERY_S", 0.0)
    metrics, reader = Metrics(), Reader({("t", 0): 7}, [{}, {"t": 1}, {"t": 1}, {"t": 3}])
    reporting = asyncio.create_task(report_lag(cast("App", Reading(reader)), "g", ("t", "u"), metrics))

    def lost(topic: str) -> float | None:
        return metrics.registry.get_sample_value("throughline_positions_lost_total", {"group": "g", "topic": topic})

    seen = set()
    while len(reader.losses) > 1 or lost("t") != 3:
        await asyncio.sleep(0)
        seen.add(lost("t"))
    reporting.cancel()
    assert seen - {None} == {0, 1, 3}
    assert lost("u") == 0  # there from the beginning, so that a rise is seen
    at = {"group": "g", "topic": "t", "partition": "0"}
    assert metrics.registry.get_sample_value("throughline_lag_messages", at) == 7


def test_the_oldest_open_record_of_a_topic_is_its_lag() -> None:
    oldest = {("a", 0): 90_000, ("a", 1): 40_000, ("b", 0): 99_000, ("gone", 0): 1}
    assert ages(oldest, {"a", "b", "c"}, 100.0) == {"a": 60.0, "b": 1.0, "c": 0.0}


def test_a_record_without_a_time_or_from_the_future_has_no_age() -> None:
    assert ages({("a", 0): 0, ("a", 1): 200_000}, {"a"}, 100.0) == {"a": 0.0}
