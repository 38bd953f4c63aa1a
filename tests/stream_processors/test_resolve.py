import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from schemas.identity_settings import IdentitySettings
from schemas.kafka.clients import producer_config, resolve_group, sink_group
from schemas.settings import KafkaSettings, Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors.resolve import run
from tests.stream_processors.resolver.evidence import emitted, folded, judged, links, send
from tests.stream_processors.topics import committed, consumes


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
        wanted = judged(facts)
        while (
            folded(await asyncio.to_thread(emitted, mock_kafka)) != wanted
        ):  # a new shard reads in silence, then tells
            await asyncio.sleep(0.1)
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


async def test_it_waits_for_the_sink(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    kafka = mock_kafka.model_copy(update={"backlog_budget": 20_000})
    facts = links(150, tenants=1)
    async with resolving(kafka, tmp_path):
        for fact in range(0, len(facts), 15):
            send(kafka, facts[fact : fact + 15])
            await asyncio.sleep(0.3)
        before = -1
        while (done := await asyncio.to_thread(resolved, kafka)) != before:
            before = done
            await asyncio.sleep(1)
        assert done < len(facts)
        while await asyncio.to_thread(resolved, kafka) < len(facts):
            await asyncio.to_thread(consumes, kafka, sink_group(kafka), Topics().resolved)
            await asyncio.sleep(0.3)
    assert folded(emitted(kafka)) == judged(facts)


async def test_the_configured_rules_are_put_in_force_at_the_first_start(
    mock_kafka: KafkaSettings, tmp_path: Path
) -> None:
    facts = links(200)
    send(mock_kafka, facts)
    async with resolving(mock_kafka, tmp_path, identity={"hub": 2}):
        await until_resolved(mock_kafka, len(facts) + 4)  # the rules, in each partition
    rules = IdentitySettings(hub=2).rules
    assert folded(emitted(mock_kafka)) == judged(facts, rules) != judged(facts)
    async with resolving(mock_kafka, tmp_path, identity={"hub": 2}):
        late = links(50, seed=2)
        send(mock_kafka, late)
        await until_resolved(mock_kafka, len(facts) + 4 + len(late))
    assert folded(emitted(mock_kafka)) == judged([*facts, *late], rules)


async def test_a_store_that_cannot_be_used_ends_it_before_any_commit(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    send(mock_kafka, links(20))
    for number in range(4):
        folder = tmp_path / "resolve" / f"{Topics().evidence}-{number}"
        folder.mkdir(parents=True)
        (folder / "store.json").write_text("junk")
    settings = Settings(kafka=mock_kafka, data_dir=tmp_path)
    assert await run(settings, Metrics(CollectorRegistry()), lambda: None, asyncio.Event()) == 1
    assert resolved(mock_kafka) == 0
