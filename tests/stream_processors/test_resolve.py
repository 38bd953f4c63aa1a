import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from schemas.kafka.clients import producer_config, resolve_group
from schemas.settings import KafkaSettings, Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors.resolve import run
from tests.stream_processors.resolver.evidence import emitted, folded, judged, links, send
from tests.stream_processors.topics import committed


@dataclass
class Running:
    metrics: Metrics
    stop: asyncio.Event
    task: asyncio.Task[int]

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"throughline_{name}", labels) or 0.0


@asynccontextmanager
async def resolving(kafka: KafkaSettings, folder: Path, **keys: object) -> AsyncIterator[Running]:
    """A resolver in this event loop, ready; it must end with 0."""
    settings = Settings.model_validate({"kafka": kafka, "data_dir": folder, **keys})
    metrics, stop, ready = Metrics(CollectorRegistry()), asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run(settings, metrics, ready.set, stop))
    try:
        await asyncio.wait([task, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
        yield Running(metrics, stop, task)
    finally:
        stop.set()
        assert await task == 0


def resolved(kafka: KafkaSettings) -> int:
    """How many facts the resolvers have committed."""
    return committed(kafka, resolve_group(kafka), [Topics(kafka.prefix).evidence])


async def until_resolved(kafka: KafkaSettings, count: int) -> None:
    while await asyncio.to_thread(resolved, kafka) < count:
        await asyncio.sleep(0.1)


async def test_evidence_becomes_the_map(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    facts = links(300)
    send(mock_kafka, facts)
    producer = Producer(producer_config(mock_kafka, "test"))
    producer.produce(Topics().evidence, b"junk", b"k", 2)
    producer.flush(10)
    async with resolving(mock_kafka, tmp_path) as running:
        await until_resolved(mock_kafka, len(facts) + 1)
        assert folded(emitted(mock_kafka)) == judged(facts)
        late = links(100, seed=2)
        send(mock_kafka, late)
        await until_resolved(mock_kafka, len(facts) + len(late) + 1)
    assert folded(emitted(mock_kafka)) == judged([*facts, *late])
    assert running.counted("identity_unreadable_total") == 1
    assert running.counted("identity_links_total", outcome="accepted") > 0
    assert running.counted("identity_profiles") > 0


async def test_it_stops_promptly_with_facts_that_wait(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    facts = links(5000)
    send(mock_kafka, facts)
    async with resolving(mock_kafka, tmp_path) as running:
        await until_resolved(mock_kafka, 1)
        began = time.monotonic()
        running.stop.set()
        assert await running.task == 0
        assert time.monotonic() - began < 10
    assert resolved(mock_kafka) < len(facts)
