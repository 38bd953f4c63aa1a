"""kill -9 of process and sink while 100,000 interactions flow over real Kafka: exactly 100,000 rows."""

import random
import threading
import time
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from schemas.ids import event_id
from schemas.kafka.clients import producer_config
from schemas.settings import KafkaSettings
from tests.integration.running import install, kill, running

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.kafka, pytest.mark.timeout(600)]

INTERACTIONS = 100_000
COPIES = 5_000
INVALID = 100
PREFIX = "killed."


def _record(number: int) -> tuple[bytes, bytes]:
    identity = event_id("default", "web", f"m-{number}")
    document = {
        "schema": 1,
        "event_id": str(identity),
        "tenant": "default",
        "source": "web",
        "adapter": "segment",
        "channel": "web",
        "type": "action",
        "name": "Seen",
        "occurred_at": f"2026-01-31T12:{number // 1000 % 60:02}:00.{number % 1000:03}Z",
        "received_at": "2026-01-31T12:00:00.000Z",
        "identifiers": [{"kind": "user_id", "value": f"u{number % 999}"}],
        "properties": {"number": number, "filler": "x" * 500},
    }
    return f"default:{identity}".encode(), orjson.dumps(document)


def _publish(kafka: KafkaSettings, done: threading.Event) -> None:
    producer = Producer(producer_config(kafka, "test"))
    chance = random.Random(7)
    copies = set(chance.sample(range(INTERACTIONS), COPIES))
    for number in range(INTERACTIONS):
        key, value = _record(number)
        for _ in range(2 if number in copies else 1):
            producer.produce(f"{PREFIX}interactions.web", value, key)
        if number % (INTERACTIONS // INVALID) == 0:
            producer.produce(f"{PREFIX}interactions.web", b'{"schema":1}', b"bad")
        if number % 1000 == 0:
            producer.poll(0)
            time.sleep(0.05)  # about 20,000 a second at most: the kills fall into the flow
    assert producer.flush(60) == 0
    done.set()


def test_every_interaction_is_stored_once_whatever_is_killed(kafka: str, tmp_path: Path) -> None:
    installation = install(tmp_path, kafka, PREFIX)
    with running(installation) as up:
        published = threading.Event()
        settings = KafkaSettings(bootstrap=kafka, prefix=PREFIX)
        publisher = threading.Thread(target=_publish, args=(settings, published))
        publisher.start()
        chance, kills = random.Random(1), 0
        while not published.is_set() or kills < 6:
            time.sleep(chance.uniform(0.5, 2.5))
            kills += kill(up, chance.choice(["process", "sink"]))
        publisher.join()
        installation.until(
            """
            SELECT
                (SELECT count() FROM timeline) AS stored,
                (SELECT uniqExact(event_id) FROM timeline) AS ids,
                (SELECT uniqExact((raw_topic_id, raw_partition, raw_offset)) FROM fates) AS positions,
                (SELECT countIf(n > 1) FROM
                    (SELECT uniqExact(fate) AS n FROM fates GROUP BY raw_topic_id, raw_partition, raw_offset)) AS torn,
                (SELECT uniqExact((raw_partition, raw_offset)) FROM rejected) AS rejected
            """,
            {
                "stored": INTERACTIONS,
                "ids": INTERACTIONS,
                "positions": INTERACTIONS + COPIES + INVALID,
                "torn": 0,
                "rejected": INVALID,
            },
        )
