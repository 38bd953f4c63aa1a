"""A resolver that is killed, left without its store, and joined by another: the map is what the evidence says."""

import random
import shutil
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import orjson
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.evidence import Evidence
from schemas.kafka.admin import create
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.stream_processors.processes import await_ready, worker
from tests.stream_processors.resolver.evidence import emitted, folded, judged, links, send
from tests.stream_processors.test_resolve import resolved
from tests.stream_processors.topics import own_topics

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]


def wait_for(kafka: KafkaSettings, count: int) -> None:
    while resolved(kafka) < count:
        time.sleep(0.05)


def wait_for_map(kafka: KafkaSettings, facts: Iterable[Evidence]) -> None:
    """Rows of a new generation come after the position: wait until the map says what the evidence does."""
    wanted = judged(facts)
    while folded(emitted(kafka)) != wanted:
        time.sleep(0.2)


def marks(rows: Iterable[bytes]) -> set[int]:
    """The generations of rows."""
    return {orjson.loads(row)["version"] >> 48 for row in rows}


def test_killed_again_and_again_the_map_is_what_the_evidence_says(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    facts = links(4000, people=600)
    dice = random.Random(11)
    send(settings, facts[:1000])
    for kill in range(6):
        folder = tmp_path / "store"
        if kill == 4:
            shutil.rmtree(folder)
        with worker(settings, folder, "resolve") as process:
            goal = resolved(settings) + dice.randrange(1, 200)
            until = time.monotonic() + 10 + 5 * dice.random()
            while resolved(settings) < goal and time.monotonic() < until:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        send(settings, facts[1000 + kill * 500 : 1500 + kill * 500])
    with worker(settings, tmp_path / "store", "resolve") as process:
        wait_for(settings, len(facts))
        wait_for_map(settings, facts)
        process.terminate()
        assert process.wait(10) == 0
    rows = emitted(settings)
    assert folded(rows) == judged(facts)
    assert len(marks(rows)) <= 1 + 4 + 1  # partitions that had settled before the loss of their store, and after


def test_two_workers_and_their_rebalances_give_the_same_map(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    facts = links(3000, people=500)
    send(settings, facts[:1000])
    with worker(settings, tmp_path / "one", "resolve") as one:
        await_ready(one)
        wait_for(settings, 500)
        with worker(settings, tmp_path / "two", "resolve") as two:
            await_ready(two)
            send(settings, facts[1000:2000])
            wait_for(settings, 1800)
            two.send_signal(signal.SIGKILL)
            two.wait()
        send(settings, facts[2000:])
        wait_for(settings, len(facts))
        with worker(settings, tmp_path / "two", "resolve") as two:
            await_ready(two)
            wait_for_map(settings, facts)
            two.terminate()
            assert two.wait(10) == 0
        wait_for(settings, len(facts))
        wait_for_map(settings, facts)
        one.terminate()
        assert one.wait(10) == 0
    assert folded(emitted(settings)) == judged(facts)


def test_frozen_beyond_its_session_it_spoils_nothing(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    facts = links(2000, people=300)
    send(settings, facts[:500])
    with worker(settings, tmp_path / "one", "resolve") as one, worker(settings, tmp_path / "two", "resolve") as two:
        await_ready(one)
        await_ready(two)
        wait_for(settings, 500)
        one.send_signal(signal.SIGSTOP)
        send(settings, facts[500:1500])
        wait_for(settings, 1500)
        one.send_signal(signal.SIGCONT)
        send(settings, facts[1500:])
        wait_for(settings, len(facts))
        wait_for_map(settings, facts)
        for process in (one, two):
            process.terminate()
            assert process.wait(15) == 0
    assert folded(emitted(settings)) == judged(facts)


def test_a_topic_made_anew_keeps_what_was_known(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka)
    before, after = links(800, people=100), links(300, seed=2, people=100)
    send(settings, before)
    with worker(settings, tmp_path, "resolve") as process:
        wait_for(settings, len(before))
        process.terminate()
        assert process.wait(10) == 0
    admin, topics = AdminClient({"bootstrap.servers": kafka}), Topics(settings.prefix)
    for future in admin.delete_topics([topics.evidence]).values():
        future.result(20)
    while topics.evidence in admin.list_topics(timeout=10).topics:
        time.sleep(0.1)
    create(admin, topics.specs(4, 1))
    send(settings, after)
    with worker(settings, tmp_path, "resolve") as process:
        wait_for_map(settings, [*before, *after])
        process.terminate()
        assert process.wait(10) == 0


def test_evidence_that_was_deleted_and_is_in_no_store_is_a_refusal(
    kafka: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = own_topics(kafka)
    send(settings, links(200))
    places = [TopicPartition(Topics(settings.prefix).evidence, number, -1) for number in range(4)]  # -1: to the end
    admin = AdminClient({"bootstrap.servers": kafka})
    for future in admin.delete_records(places).values():
        future.result(timeout=20)
    with worker(settings, tmp_path, "resolve") as process:
        assert process.wait(60) == 1
    assert "throughline resolve --rebuild" in capfd.readouterr().err
    assert emitted(settings) == []
