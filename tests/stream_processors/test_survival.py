"""A processor that is killed, stopped, and left without its broker: nothing is missing, nothing has two fates."""

import random
import resource
import signal
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.kafka.local import LocalKafka
from schemas.check import check_all
from schemas.evidence import Evidence, decode, link_id, shard_of
from schemas.fates import Fault
from schemas.kafka.clients import process_group
from schemas.settings import KafkaSettings
from tests.stream_processors.processes import await_ready, worker
from tests.stream_processors.topics import RAW, evidence, interactions, outputs, own_topics, processed, send
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]


def wait_for(kafka: KafkaSettings, count: int) -> None:
    until(lambda: processed(kafka) >= count)


def members(kafka: KafkaSettings) -> int:
    """How many workers the processors' group has."""
    group = process_group(kafka)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    return len(admin.describe_consumer_groups([group])[group].result(timeout=20).members)


def check(kafka: KafkaSettings, values: list[bytes], copies: int = 0) -> None:
    found = outputs(kafka)
    found.check()
    assert len(found.events) == len(values)
    assert len(found.stored) == len(values)
    assert len(found.duplicates) == copies
    assert not found.rejected


def check_evidence(kafka: KafkaSettings, values: list[bytes]) -> None:
    """All links at their earliest, each in its tenant's partition; copies are equal, byte for byte."""
    expected: dict[UUID, datetime] = {}
    for verdict in check_all(values):
        assert not isinstance(verdict, Fault)
        event, who = verdict
        one, other = (f"{identifier.kind}:{identifier.value}" for identifier in who.identifiers)
        fact_id = link_id(event.tenant, one, other)
        expected[fact_id] = min(event.occurred_at, expected.get(fact_id, event.occurred_at))
    found: dict[UUID, datetime] = {}
    copies: dict[tuple[UUID, UUID | None], set[bytes]] = {}
    for partition, key, value in evidence(kafka):
        fact = decode(value)
        assert isinstance(fact, Evidence)
        assert (partition, key.decode()) == (shard_of(fact.tenant, 4), str(fact.fact_id))
        found[fact.fact_id] = min(fact.at, found.get(fact.fact_id, fact.at))
        copies.setdefault((fact.fact_id, fact.event_id), set()).add(value)
    assert found == expected
    assert all(len(same) == 1 for same in copies.values())


def test_killed_again_and_again_it_stores_everything_once(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    values = [value.replace(b'"tenant":"default"', b'"tenant":"t%d"' % (at % 3)) for at, value in
              enumerate(interactions(40_000))]  # fmt: skip
    dice = random.Random(7)
    send(settings, values[:20_000])
    for kill in range(4):
        with worker(settings, tmp_path) as process:
            goal = processed(settings) + dice.randrange(1, 4000)
            wait_for(settings, goal)
            process.send_signal(signal.SIGKILL)
            process.wait()
        send(settings, values[20_000 + kill * 5000 : 25_000 + kill * 5000])
        send(settings, dice.sample(values[: 20_000 + kill * 5000], 500))
    with worker(settings, tmp_path) as process:
        wait_for(settings, 42_000)
        process.terminate()
        assert process.wait(10) == 0
    check(settings, values, copies=2000)
    check_evidence(settings, values)


def test_asked_to_stop_it_finishes_what_is_open(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka)
    values = interactions(60_000)
    with worker(settings, tmp_path) as process:
        await_ready(process)
        send(settings, values)
        wait_for(settings, 2000)
        began = time.monotonic()
        process.terminate()
        assert process.wait(10) == 0
        assert time.monotonic() - began < 10
    done = processed(settings)
    assert len(outputs(settings).stored) == done  # all that went out is committed: nothing will be replayed
    with worker(settings, tmp_path) as process:
        wait_for(settings, len(values))
        process.terminate()
        assert process.wait(10) == 0
    check(settings, values)


def test_a_broker_that_restarts_is_waited_for(local_kafka: LocalKafka, tmp_path: Path) -> None:
    settings = own_topics(local_kafka.bootstrap)
    values = interactions(20_000)
    with worker(settings, tmp_path) as process:
        await_ready(process)
        send(settings, values[:10_000])
        wait_for(settings, 1)
        local_kafka.stop()
        local_kafka.start()
        send(settings, values[10_000:])
        wait_for(settings, len(values))
        process.terminate()
        assert process.wait(10) == 0
    check(settings, values)


def test_a_write_that_finds_no_room_ends_it_before_the_commit_and_the_next_one_goes_on(
    kafka: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file that may not grow stands for a disk that is full: RocksDB's log cannot take the keys."""
    settings = own_topics(kafka)
    values = interactions(30_000)
    with worker(settings, tmp_path) as process:
        await_ready(process)
        send(settings, values[:100])
        wait_for(settings, 100)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
        send(settings, values[100:])
        assert process.wait(60) == 1
    assert processed(settings) < len(values)
    assert "cannot be written" in capfd.readouterr().err
    with worker(settings, tmp_path) as process:
        wait_for(settings, len(values))
        process.terminate()
        assert process.wait(10) == 0
    check(settings, values)


def test_without_its_broker_it_still_stops(local_kafka: LocalKafka, tmp_path: Path) -> None:
    settings = own_topics(local_kafka.bootstrap)
    with worker(settings, tmp_path) as process:
        await_ready(process)
        send(settings, interactions(30_000))
        wait_for(settings, 1)
        local_kafka.stop(kill=True)
        try:
            process.terminate()
            assert process.wait(10) == 0
        finally:
            local_kafka.start()


def test_a_worker_that_was_frozen_takes_its_partitions_again(kafka: str, tmp_path: Path) -> None:
    """As a suspended machine: the group has forgotten it when it wakes up."""
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    values = interactions(20_000)
    with worker(settings, tmp_path) as process:
        await_ready(process)
        send(settings, values[:10_000])
        wait_for(settings, 1)
        process.send_signal(signal.SIGSTOP)
        until(lambda: members(settings) == 0)
        process.send_signal(signal.SIGCONT)
        send(settings, values[10_000:])
        wait_for(settings, len(values))
        process.terminate()
        assert process.wait(10) == 0
    check(settings, values)


def test_two_workers_lose_nothing_when_one_is_killed(kafka: str, tmp_path: Path) -> None:
    """Each has its own stores, and learns what the other one had processed."""
    settings = own_topics(kafka, **{"session.timeout.ms": "6000"})
    values = interactions(60_000)
    send(settings, values[:30_000])
    with worker(settings, tmp_path / "one") as one, worker(settings, tmp_path / "two") as two:
        await_ready(one)
        await_ready(two)
        wait_for(settings, 3000)
        two.send_signal(signal.SIGKILL)
        send(settings, values[30_000:])
        wait_for(settings, len(values))
        one.terminate()
        assert one.wait(10) == 0
    found = outputs(settings)
    found.check()
    assert len(found.events) == len(found.stored) == len(values)


def test_records_that_were_deleted_unread_are_an_alarm_and_it_goes_on(
    kafka: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = own_topics(kafka)
    send(settings, interactions(1000))
    with worker(settings, tmp_path) as process:
        wait_for(settings, 1000)
        process.terminate()
        assert process.wait(10) == 0
    send(settings, interactions(1000, begin=1000))
    places = [TopicPartition(settings.prefix + RAW, number, -1) for number in range(4)]  # -1: up to the end
    admin = AdminClient({"bootstrap.servers": kafka})
    for future in admin.delete_records(places).values():
        future.result(timeout=20)
    send(settings, interactions(1000, begin=2000))
    with worker(settings, tmp_path) as process:
        wait_for(settings, 3000)
        process.terminate()
        assert process.wait(10) == 0
    assert "position_fell_out_of_range" in capfd.readouterr().err
    assert len(outputs(settings).events) == 2000
