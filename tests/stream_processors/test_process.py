import asyncio
import time
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry

from schemas.kafka.clients import resolve_group, sink_group
from schemas.settings import ConfigurationError, KafkaSettings, Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors.process import run
from stream_processors.worker import Worker
from tests.stream_processors.processing import processing, until_heard, until_processed, until_still
from tests.stream_processors.topics import RAW, consumes, evidence, interactions, outputs, processed, send


async def test_every_record_gets_its_fate_and_is_counted(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    values = interactions(200)
    conflict = orjson.dumps(orjson.loads(values[5]) | {"fingerprint": "f" * 16})
    send(mock_kafka, [*values, *values[:10], conflict, b"junk"])
    async with processing(mock_kafka, tmp_path) as running:
        await until_processed(mock_kafka, 212)
        lag = {"group": "throughline-process", "topic": RAW}
        for name, labels in (("lag_messages", lag | {"partition": "0"}), ("lag_seconds", lag)):
            while running.metrics.registry.get_sample_value(f"throughline_{name}", labels) != 0:
                await asyncio.sleep(0.1)
    found = outputs(mock_kafka)
    found.check()
    assert (len(found.stored), len(found.duplicates), len(found.rejected)) == (200, 10, 2)
    firsts = {orjson.loads(copies[0])["event_id"]: position for position, copies in found.stored.items()}
    for copies in found.duplicates.values():
        copy = orjson.loads(copies[0])
        assert firsts[copy["event_id"]] == (copy["first_topic"], copy["first_partition"], copy["first_offset"])
    fates = {fate: running.counted("interactions_processed_total", channel="web", fate=fate) for fate in
             ("stored", "duplicate", "rejected")}  # fmt: skip
    assert fates == {"stored": 200, "duplicate": 10, "rejected": 2}
    assert running.counted("interactions_rejected_total", channel="web", source="web", reason="id_conflict") == 1
    assert running.counted("interactions_rejected_total", channel="web", source="unknown", reason="not_json") == 1
    assert running.counted("step_seconds_count") > 0


async def test_another_embedded_run_still_knows_the_copies(tmp_path: Path) -> None:
    from throughline.embedded.broker import embedded_broker

    values = interactions(50)
    runs = []
    for _ in range(2):
        with embedded_broker(KafkaSettings()) as kafka:
            send(kafka, values)
            async with processing(kafka, tmp_path):
                await until_processed(kafka, 50)
            runs.append(outputs(kafka))
    first, second = runs
    assert (len(first.stored), len(first.duplicates)) == (50, 0)
    assert (len(second.stored), len(second.duplicates)) == (0, 50)
    ids = {orjson.loads(copies[0])["raw_topic_id"] for copies in first.stored.values()}
    assert {orjson.loads(copies[0])["first_topic_id"] for copies in second.duplicates.values()} == ids


def sink_consumes(kafka: KafkaSettings) -> None:
    """Commit the ends of the outputs as the sink would."""
    consumes(kafka, sink_group(kafka), (*Topics().outputs, Topics().evidence))


@pytest.mark.slow
async def test_it_waits_for_the_sink_and_nothing_is_dropped(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    """The embedded broker holds 5 MB a partition: 12 MB for one customer go through it, a megabyte at a time."""
    budget = mock_kafka.budget
    values = [orjson.dumps(orjson.loads(value) | {"identifiers": [{"kind": "user_id", "value": "u"}],
              "properties": {"note": "x" * 9000}}) for value in interactions(1200)]  # fmt: skip
    async with processing(mock_kafka, tmp_path):
        sent = done = 0
        seen: set[tuple[int, int]] = set()
        stalled = 0
        while done < len(values):
            if sent - done < 200:  # what the intake would hold back
                send(mock_kafka, values[sent : sent + 100])
                sent = min(len(values), sent + 100)
            before, done = done, await asyncio.to_thread(processed, mock_kafka)
            if done == before:
                found = await asyncio.to_thread(outputs, mock_kafka)
                unseen = {position[1:] for position in found.stored} - seen
                size = sum(len(found.stored[RAW, *position][0]) for position in unseen)
                assert size <= budget + 100_000
                seen |= unseen
                stalled += 1
                await asyncio.to_thread(sink_consumes, mock_kafka)
            await asyncio.sleep(0.3)
    assert stalled >= 8
    seen |= {position[1:] for position in outputs(mock_kafka).stored}
    assert len(seen) == 1200


@pytest.mark.slow
async def test_evidence_waits_for_the_resolver_too(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    """More than a megabyte of links: the sink takes all, and until the resolver has them no more is sent."""
    values = [value.replace(b'"value":"a-', b'"value":"a-%06d' % at) for at, value in enumerate(interactions(8000))]
    send(mock_kafka, values)
    async with processing(mock_kafka, tmp_path):
        done, still = -1, 0
        while still < 5:
            await asyncio.to_thread(sink_consumes, mock_kafka)
            await asyncio.sleep(0.4)
            before, done = done, await asyncio.to_thread(processed, mock_kafka)
            still = still + 1 if done == before > 0 else 0
        size = sum(len(key) + len(value) for _, key, value in await asyncio.to_thread(evidence, mock_kafka))
        assert done < len(values)
        assert size <= mock_kafka.budget
        while done < len(values):
            await asyncio.to_thread(consumes, mock_kafka, resolve_group(mock_kafka), [Topics().evidence])
            await asyncio.to_thread(sink_consumes, mock_kafka)
            await asyncio.sleep(0.2)
            done = await asyncio.to_thread(processed, mock_kafka)


async def test_it_waits_for_room_on_its_disk(
    mock_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    free = [1 << 40]
    monkeypatch.setattr("schemas.disk._free", lambda _: free[0])
    values = interactions(40)
    send(mock_kafka, values[:20])
    async with processing(mock_kafka, tmp_path):
        await until_processed(mock_kafka, 20)
        free[0] = 0
        send(mock_kafka, values[20:])
        await until_heard(capfd, "disk_filled_up")
        assert processed(mock_kafka) == 20
        free[0] = 1 << 40
        await until_processed(mock_kafka, 40)
    assert len(outputs(mock_kafka).stored) == 40


@pytest.mark.parametrize("is_freed", [True, False])
async def test_a_start_waits_for_room_before_a_store_is_opened(
    mock_kafka: KafkaSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    is_freed: bool,
) -> None:
    free = [0]
    monkeypatch.setattr("schemas.disk._free", lambda _: free[0])
    send(mock_kafka, interactions(20))
    stop = asyncio.Event()
    settings = Settings(kafka=mock_kafka, data_dir=tmp_path)
    metrics = Metrics(CollectorRegistry())
    task = asyncio.create_task(run(settings, metrics, lambda: None, stop))
    await until_heard(capfd, "disk_filled_up")
    assert not (tmp_path / "process").exists()
    assert metrics.registry.get_sample_value("throughline_disk_free_bytes") == 0
    assert metrics.registry.get_sample_value("throughline_disk_floor_bytes") == settings.limits.free_disk
    if is_freed:
        free[0] = 1 << 40
        await until_processed(mock_kafka, 20)
    stop.set()
    assert await asyncio.wait_for(task, 10) == 0


@pytest.mark.slow
async def test_it_stops_promptly_while_it_waits_for_the_sink(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    values = interactions(3000)
    send(mock_kafka, values)
    async with processing(mock_kafka, tmp_path) as running:
        await until_still(mock_kafka)
        began = time.monotonic()
        running.stop.set()
        assert await running.task == 0
        assert time.monotonic() - began < 10
    done = await asyncio.to_thread(processed, mock_kafka)
    assert 0 < done < 3000
    assert len(outputs(mock_kafka).stored) == done


async def test_it_stops_while_it_waits_for_kafka(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = Settings(kafka=KafkaSettings(bootstrap="127.0.0.1:1"), data_dir=tmp_path)
    stop = asyncio.Event()
    task = asyncio.create_task(run(settings, Metrics(CollectorRegistry()), lambda: None, stop))
    await until_heard(capfd, "kafka_awaited")
    stop.set()
    assert await task == 0


async def test_it_stops_before_it_is_ready(
    mock_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(kafka=mock_kafka, data_dir=tmp_path)
    stop, begin, ready = asyncio.Event(), Worker.begin, asyncio.Event()

    async def begun(worker: Worker) -> None:
        stop.set()
        await begin(worker)

    monkeypatch.setattr(Worker, "begin", begun)
    assert await run(settings, Metrics(CollectorRegistry()), ready.set, stop) == 0
    assert stop.is_set()


async def test_embedded_without_up_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="throughline up"):
        await run(Settings(data_dir=tmp_path), Metrics(CollectorRegistry()), lambda: None, asyncio.Event())
