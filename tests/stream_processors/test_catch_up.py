"""Dedupe stores that were lost, or stayed behind: copies are told from the first record on, each position once."""

import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.kafka.clients import consumer_config, producer_config
from schemas.settings import KafkaSettings
from stream_processors.past import Past, Span
from stream_processors.store import SKEW_MS
from tests.stream_processors.processes import await_ready, worker
from tests.stream_processors.topics import RAW, Outputs, interactions, outputs, own_topics, processed, send
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]
HOUR_MS = 3_600_000


def work_through(kafka: KafkaSettings, folder: Path, count: int) -> None:
    """A worker's whole life: until so many records are processed, and an orderly end."""
    with worker(kafka, folder) as process:
        until(lambda: processed(kafka) >= count)
        process.terminate()
        assert process.wait(10) == 0


def check(found: Outputs, values: list[bytes], copies: int) -> None:
    """Each id stored once, by its first copy; each copy told, with the position of that."""
    found.check()
    assert (len(found.stored), len(found.events)) == (len(values), len(values))
    assert (len(found.duplicates), len(found.rejected)) == (copies, 0)
    firsts = {orjson.loads(values[0])["event_id"]: position for position, values in found.stored.items()}
    for copy in (orjson.loads(copies[0]) for copies in found.duplicates.values()):
        assert firsts[copy["event_id"]] == (copy["first_topic"], copy["first_partition"], copy["first_offset"])


def test_after_its_store_is_lost_copies_are_told_by_their_first(
    kafka: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = own_topics(kafka)
    values = interactions(6000)
    send(settings, [*values[:4000], *values[:300]])
    work_through(settings, tmp_path, 4300)
    shutil.rmtree(tmp_path / "process")
    send(settings, [*values[1000:2000], *values[4000:], *values[:500]])
    work_through(settings, tmp_path, 7800)
    check(outputs(settings), values, copies=1800)
    said = [orjson.loads(line) for line in capfd.readouterr().err.splitlines() if "caught_up" in line]
    assert sum(event["records"] for event in said) == 4300  # once, and never more than had been processed


def test_what_was_sent_and_not_committed_has_the_fate_that_it_had(kafka: str, tmp_path: Path) -> None:
    """A worker is killed and its folder burns: what is replayed are copies too, and they stay copies."""
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    values = interactions(20_000)
    send(settings, [*values, *values[:10_000]])
    for life in range(2):
        with worker(settings, tmp_path / str(life)) as process:
            goal = processed(settings) + 5000
            until(lambda goal=goal: processed(settings) >= goal)  # type: ignore[misc]  # bound now
            process.send_signal(signal.SIGKILL)
            process.wait()
    work_through(settings, tmp_path / "last", 30_000)
    check(outputs(settings), values, copies=10_000)


def test_partitions_that_move_to_a_worker_without_their_stores_and_back(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    values = interactions(24_000)
    send(settings, values[:6000])
    with worker(settings, tmp_path / "one") as one:
        until(lambda: processed(settings) >= 6000)
        with worker(settings, tmp_path / "two") as two:
            await_ready(two)
            send(settings, [*values[6000:12_000], *values[:6000]])
            until(lambda: processed(settings) >= 18_000)
            two.send_signal(signal.SIGKILL)
        send(settings, [*values[12_000:18_000], *values[:12_000]])  # copies of what the other one had seen
        until(lambda: processed(settings) >= 36_000)
        one.terminate()
        assert one.wait(10) == 0
    send(settings, [*values[18_000:], *values[:18_000]])
    work_through(settings, tmp_path / "two", 60_000)  # its stores are there, and far behind
    check(outputs(settings), values, copies=36_000)


@pytest.fixture
def timed(kafka: str) -> KafkaSettings:
    """In partition 0 a record for every hour of the last five days: 120."""
    settings = own_topics(kafka, timed_by="CreateTime")
    now = int(time.time() * 1000)
    producer = Producer(producer_config(settings, "test"))
    for hour in range(120, 0, -1):
        producer.produce(settings.prefix + RAW, b"x", b"k", 0, timestamp=now - hour * HOUR_MS + HOUR_MS // 2)
    assert not producer.flush(30)
    return settings


def found(past: Past, span: Span) -> Counter[int]:
    return Counter(record.offset() or 0 for records in past.read(span) for record in records)


def test_only_what_the_window_can_still_ask_for_is_read(timed: KafkaSettings) -> None:
    at = (timed.prefix + RAW, 0)
    past = Past(consumer_config(timed, "test", "-"), knows_times=True)
    window = 24 * HOUR_MS
    skew = SKEW_MS // HOUR_MS
    assert past.since(Span(at, 0, 120, 120), window).begin == 120 - 24 - skew
    assert past.since(Span(at, 110, 120, 120), window).begin == 110  # the rest is known
    assert past.since(Span(at, 0, 60, 120), window).begin == 60 - 24 - skew  # what comes next is days old as well
    assert past.since(Span(at, 0, 120, 120), 0).begin == 120 - skew
    assert past.since(Span(at, 0, 10, 120), window).begin == 0
    assert found(past, Span(at, 60, 80, 120)) == Counter(range(60, 80))
    assert found(past, Span(at, 5, 5, 120)) == Counter()
    past.close()


def test_what_was_deleted_meanwhile_is_not_waited_for(timed: KafkaSettings) -> None:
    at = (timed.prefix + RAW, 0)
    admin = AdminClient({"bootstrap.servers": timed.bootstrap})
    for future in admin.delete_records([TopicPartition(*at, 100)]).values():
        future.result(timeout=20)
    past = Past(consumer_config(timed, "test", "-"), knows_times=True)
    assert found(past, Span(at, 20, 110, 120)) == Counter(range(100, 110))
    assert found(past, Span(at, 20, 50, 120)) == Counter()
    past.close()
