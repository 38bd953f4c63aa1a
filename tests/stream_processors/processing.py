"""A processor in the event loop of a test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from schemas.settings import KafkaSettings, Settings, SourceSettings
from schemas.telemetry import Metrics
from stream_processors.process import run
from tests.stream_processors.topics import processed


@dataclass
class Running:
    settings: Settings
    metrics: Metrics
    stop: asyncio.Event
    ready: asyncio.Event
    task: asyncio.Task[int]

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"throughline_{name}", labels) or 0.0


@asynccontextmanager
async def processing(kafka: KafkaSettings, folder: Path) -> AsyncIterator[Running]:
    """A processor in this event loop, ready; it must end with 0."""
    settings = Settings(kafka=kafka, data_dir=folder, sources={"web": SourceSettings(adapter="segment")})
    metrics, stop, ready = Metrics(CollectorRegistry()), asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run(settings, metrics, ready.set, stop))
    running = Running(settings, metrics, stop, ready, task)
    try:
        await asyncio.wait([task, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
        yield running
    finally:
        stop.set()
        assert await task == 0


async def until_processed(kafka: KafkaSettings, count: int) -> None:
    while await asyncio.to_thread(processed, kafka) < count:
        await asyncio.sleep(0.1)


async def until_still(kafka: KafkaSettings) -> None:
    """Wait until something was processed, and no more is: it waits for room."""
    done, still = 0, 0
    while still < 10:
        before, done = done, await asyncio.to_thread(processed, kafka)
        still = still + 1 if done == before > 0 else 0
        await asyncio.sleep(0.1)


async def until_heard(capfd: pytest.CaptureFixture[str], event: str) -> None:
    """Wait until an event is logged."""
    while event not in "".join(capfd.readouterr()):
        await asyncio.sleep(0.02)
