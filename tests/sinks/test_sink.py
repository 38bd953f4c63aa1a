"""The sink as a process, against chDB behind its gateway, the embedded broker and real Kafka."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from deploy.kafka.local import LocalKafka
from schemas.kafka.clients import sink_group
from schemas.settings import ClickHouseSettings, ConfigurationError, KafkaSettings, Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate
from sinks.errors import LostError
from sinks.sink import main, run
from tests.ports import free_port
from tests.sinks.conftest import Store
from tests.sinks.rows import duplicate, interaction, rejected
from tests.sinks.running import own_topics, running, send, start, until
from tests.sinks.swallower import swallower
from throughline.gateway import running as gateway

EXACT = "SELECT count(), uniqExact(event_id), uniqExact(raw_offset) FROM interactions"  # without FINAL: nothing twice

FATES = "SELECT count() FROM interactions_fates"  # written after the row itself


def test_an_embedded_store_needs_a_gateway() -> None:
    settings = Settings(kafka=KafkaSettings(bootstrap="127.0.0.1:1"), clickhouse=ClickHouseSettings(url="embedded"))
    with pytest.raises(ConfigurationError, match="throughline up"):
        main(settings, Metrics(CollectorRegistry()), lambda: None)


def test_a_clickhouse_that_takes_a_question_and_does_not_answer_holds_no_end_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/throughline"
        settings = Settings(kafka=KafkaSettings(bootstrap="127.0.0.1:1"), clickhouse=ClickHouseSettings(url=url))
        stop = threading.Event()

        def work() -> None:
            with suppress(LostError):
                run(settings, Metrics(CollectorRegistry()), lambda: None, stop)

        working = threading.Thread(target=work, daemon=True)
        working.start()
        with silent.accept()[0]:
            stop.set()
            working.join(30)
            assert not working.is_alive()


@pytest.mark.chdb
@pytest.mark.slow
def test_each_topic_reaches_its_view(store: Store, mock_kafka: KafkaSettings) -> None:
    topics = Topics()
    with running(mock_kafka, store.url):
        send(mock_kafka, topics.timeline, [interaction(n) for n in range(100)])
        send(mock_kafka, topics.duplicates, [duplicate(200 + n, n) for n in range(10)])
        send(mock_kafka, topics.rejected, [rejected(300), rejected(None, b"a"), rejected(None, b"b")])
        fates = "SELECT groupArray((fate, n)) FROM (SELECT fate, count() AS n FROM fates GROUP BY fate ORDER BY fate)"
        until(lambda: store.one(fates), [("duplicate", 10), ("rejected", 1), ("stored", 100)])
        until(lambda: store.one("SELECT count() FROM rejected"), 3)
        assert store.one("SELECT count() FROM timeline") == 100
        assert store.one("SELECT count() FROM duplicates WHERE first_offset < 10") == 10


@pytest.mark.chdb
@pytest.mark.slow
def test_records_of_strangers_are_rejected_and_hold_nobody_up(store: Store, mock_kafka: KafkaSettings) -> None:
    topics = Topics()
    strange: list[bytes | None] = [
        b"junk",
        None,
        b"",
        b"[]",
        b'{"subject":"a:b","zzz":1}',
        interaction(7, amount="much"),
    ]
    with running(mock_kafka, store.url):
        send(mock_kafka, topics.timeline, [interaction(1), *strange, interaction(2)])
        send(mock_kafka, topics.duplicates, [b"junk", duplicate(8, 1)])
        send(mock_kafka, topics.rejected, [b'{"rejected_id":"x"}', rejected(9)])
        until(lambda: store.one("SELECT count() FROM timeline"), 2)
        until(lambda: store.one("SELECT count() FROM duplicates"), 1)
        until(lambda: store.one("SELECT count() FROM rejected"), len(strange) + 3)
    assert store.one("SELECT raw_offset FROM rejected WHERE event_id IS NOT NULL AND stage = 'sink'") == 7
    assert store.one("SELECT count() FROM rejected WHERE raw_topic = 'timeline.events'") == len(strange) - 1


@pytest.mark.chdb
@pytest.mark.slow
def test_the_sink_waits_for_its_schema(empty_store: Store, mock_kafka: KafkaSettings) -> None:
    with running(mock_kafka, empty_store.url, wait=False):
        send(mock_kafka, Topics().timeline, [interaction(1)])
        migrate(empty_store.client)
        until(lambda: empty_store.one("SELECT count() FROM timeline"), 1)


@pytest.mark.chdb
@pytest.mark.slow
def test_an_insert_whose_answer_is_lost_is_not_stored_twice(store: Store, mock_kafka: KafkaSettings) -> None:
    keep_doubles(store)
    with swallower(store.url) as wire, running(mock_kafka, wire.url):
        for part in range(4):
            wire.left = 2
            send(mock_kafka, Topics().timeline, [interaction(n) for n in range(part, 400, 4)])
            until(lambda: wire.left, 0)
        until(lambda: store.one(FATES), 400)
        assert store.client.query(EXACT).rows[0] == (400, 400, 400)


@pytest.mark.chdb
@pytest.mark.slow
def test_a_sink_that_dies_before_it_hears_of_its_insert_leaves_the_range_to_the_next(
    store: Store, mock_kafka: KafkaSettings
) -> None:
    keep_doubles(store)
    with swallower(store.url) as wire:
        wire.left = 1
        process = start(mock_kafka, wire.url, {"KAFKA__SESSION__TIMEOUT__MS": "3000"})
        send(mock_kafka, Topics().timeline, [interaction(n) for n in range(100)])
        assert wire.lost.wait(60)
        process.kill()
        process.wait()
    send(mock_kafka, Topics().timeline, [interaction(n) for n in range(100, 200)])
    with running(mock_kafka, store.url):
        until(lambda: store.one(FATES), 200)
    assert store.client.query(EXACT).rows[0] == (200, 200, 200)


@pytest.mark.slow
def test_the_sink_can_be_stopped_while_it_waits(capfd: pytest.CaptureFixture[str]) -> None:
    kafka = KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}")
    with running(kafka, f"http://a:b@127.0.0.1:{free_port()}/x", wait=False):
        until(lambda: "clickhouse_awaited" in capfd.readouterr().err, True)


def sharing(kafka: KafkaSettings) -> int:
    """How many sinks hold partitions."""
    group = sink_group(kafka)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    members = admin.describe_consumer_groups([group])[group].result(timeout=20).members
    return sum(bool(member.assignment.topic_partitions) for member in members)


def keep_doubles(store: Store) -> None:
    """Doubles would collapse, and not be seen."""
    for table in ("interactions", "interactions_fates"):
        store.client.command(f"SYSTEM STOP MERGES {table}")


def count_of(store: Store) -> object:
    return store.one("SELECT count() FROM interactions")


@contextmanager
def trickle(kafka: KafkaSettings, count: int, seconds: float) -> Iterator[None]:
    """Send `count` interactions over `seconds`, beside whatever else happens."""

    def run() -> None:
        for part in range(20):
            send(kafka, Topics(kafka.prefix).timeline, [interaction(n) for n in range(part, count, 20)])
            time.sleep(seconds / 20)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.kafka
@pytest.mark.chdb
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("protocol", "kills"), [("classic", 8), ("consumer", 1)])  # a dead consumer is missed for 45 s
def test_kills_lose_and_double_nothing(store: Store, kafka: str, protocol: str, kills: int) -> None:
    mine, chance, count = own_topics(kafka), random.Random(protocol), 20_000
    more = {"KAFKA__GROUP__PROTOCOL": protocol}
    if protocol == "classic":
        more["KAFKA__GROUP__INSTANCE__ID"] = "one"  # the next life takes over at once
    keep_doubles(store)
    with trickle(mine, count, 12):
        for _ in range(kills):
            before = count_of(store)
            process = start(mine, store.url, more)
            until(partial(lambda rows: count_of(store) not in {rows} - {count}, before), True)
            time.sleep(chance.uniform(0, 0.6))
            process.kill()
            process.wait()
    with running(mine, store.url, more):
        until(lambda: store.one(FATES), count)
    assert store.client.query(EXACT).rows[0] == (count, count, count)


@pytest.mark.kafka
@pytest.mark.chdb
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_partitions_change_hands_without_loss_or_doubles(store: Store, kafka: str) -> None:
    mine, count = own_topics(kafka, 8), 20_000
    with running(mine, store.url), trickle(mine, count, 10):
        for _ in range(2):
            with running(mine, store.url):
                until(lambda: sharing(mine), 2)
        until(lambda: store.client.query(EXACT).rows[0], (count, count, count))


@pytest.mark.kafka
@pytest.mark.chdb
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_clickhouse_and_kafka_may_go_away(local_kafka: LocalKafka, tmp_path: Path) -> None:
    mine, count, port = own_topics(local_kafka.bootstrap), 20_000, free_port()
    store = gateway.start(tmp_path, f"127.0.0.1:{port}")
    try:
        url = gateway.url(tmp_path)
        with connect(url) as client:
            migrate(client)
        with running(mine, url), trickle(mine, count, 8):
            with connect(url) as client:
                until(lambda: client.query(FATES).rows[0][0] != 0, True)
            store.kill()
            gateway.stop(store)
            send(mine, Topics(mine.prefix).timeline, [interaction(count)])
            store = gateway.start(tmp_path, f"127.0.0.1:{port}")
            local_kafka.stop()
            local_kafka.start()
            with connect(url) as client:
                until(lambda: client.query(EXACT).rows[0], (count + 1, count + 1, count + 1))
    finally:
        gateway.stop(store)
        local_kafka.start()
