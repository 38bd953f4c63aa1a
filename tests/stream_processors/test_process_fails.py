"""What a processor cannot survive ends it before a commit, and the next one does it all."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from schemas.settings import KafkaSettings, Settings
from schemas.telemetry import Metrics
from stream_processors.app import App
from stream_processors.outlet import outlet_config
from stream_processors.process import run
from stream_processors.worker import Worker, build_worker
from tests.stream_processors.processing import processing, until_processed
from tests.stream_processors.topics import RAW, interactions, outputs, processed, send


async def test_what_faust_cannot_survive_ends_it(
    mock_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps: list[App] = []

    def built(settings: Settings, metrics: Metrics, fail: Callable[[BaseException], None]) -> Worker:
        worker = build_worker(settings, metrics, fail)
        apps.append(worker.app)
        return worker

    monkeypatch.setattr("stream_processors.process.build_worker", built)
    settings, ready = Settings(kafka=mock_kafka, data_dir=tmp_path), asyncio.Event()
    task = asyncio.create_task(run(settings, Metrics(CollectorRegistry()), ready.set, asyncio.Event()))
    await ready.wait()
    await apps[0].crash(RuntimeError("of Faust's own"))
    assert await task == 1


async def test_a_damaged_store_ends_it_before_any_commit(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    for number in range(4):
        folder = tmp_path / "process" / f"{RAW}-{number}"
        folder.mkdir(parents=True)
        (folder / "store.json").write_text("junk")
    send(mock_kafka, interactions(10))
    settings = Settings(kafka=mock_kafka, data_dir=tmp_path)
    assert await run(settings, Metrics(CollectorRegistry()), lambda: None, asyncio.Event()) == 1
    assert processed(mock_kafka) == 0


async def test_an_output_that_kafka_refuses_ends_it_before_any_commit(
    mock_kafka: KafkaSettings, tmp_path: Path
) -> None:
    send(mock_kafka, [orjson.dumps(orjson.loads(interactions(1)[0]) | {"text": "x" * 5000})])
    keys = {"message.max.bytes": "2000"}
    settings = Settings(kafka=KafkaSettings.model_validate(mock_kafka.model_dump() | keys), data_dir=tmp_path)
    assert await run(settings, Metrics(CollectorRegistry()), lambda: None, asyncio.Event()) == 1
    assert processed(mock_kafka) == 0


async def test_a_producer_that_hears_nothing_ends_it_before_any_commit_and_the_next_one_does_it_all(
    mock_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(mock_kafka, interactions(20))
    nowhere = outlet_config(mock_kafka) | {"bootstrap.servers": "127.0.0.1:1"}
    with monkeypatch.context() as only_now:
        only_now.setattr("stream_processors.outlet.outlet_config", lambda *_: nowhere)
        only_now.setattr("schemas.kafka.stuck.PATIENCE_S", 0.2)
        settings = Settings(kafka=mock_kafka, data_dir=tmp_path)
        with capture_logs() as said:
            assert await run(settings, Metrics(CollectorRegistry()), lambda: None, asyncio.Event()) == 1
    [reason] = [entry["text"] for entry in said if entry["event"] == "worker_failed"]
    assert reason == "Kafka answers, and has taken no output for a minute"
    assert processed(mock_kafka) == 0
    async with processing(mock_kafka, tmp_path):
        await until_processed(mock_kafka, 20)
    found = outputs(mock_kafka)
    found.check()
    assert (len(found.stored), len(found.duplicates)) == (20, 0)
