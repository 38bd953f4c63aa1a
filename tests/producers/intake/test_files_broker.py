"""The whole way of an import, over the embedded broker."""

import random
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition
from prometheus_client import CollectorRegistry

from producers.intake import record_file
from producers.intake.files import Progress, main
from schemas.settings import KafkaSettings
from schemas.telemetry import Metrics
from tests.producers.intake.importing import CrashedError, line, settings_of


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_file, "BATCH", 7)


@pytest.mark.slow
def test_over_a_broker_every_line_is_there_after_kills(tmp_path: Path, mock_kafka: KafkaSettings) -> None:
    """The whole way: file, acceptor, publisher, broker. Killed at random batches; the ids make repetitions harmless."""
    path = tmp_path / "history.jsonl"
    count = 300
    path.write_bytes(b"".join(line(number) for number in range(count)) + b"bad\n")
    settings = settings_of(tmp_path, mock_kafka.model_copy(update={"backlog_budget": 1 << 30}))
    dice = random.Random(7)

    def killer(progress: Progress) -> None:
        if dice.random() < 0.1:
            raise CrashedError

    killed = 0
    while killed < 100:
        try:
            summary = main(settings, Metrics(CollectorRegistry()), path, "shop", killer)
            break
        except CrashedError:
            killed += 1
    assert killed
    assert (summary.accepted, summary.rejected, summary.finished) == (count, 1, True)
    seen = consumed(mock_kafka, "interactions.store")
    assert {orjson.loads(value)["message_id"] for value in seen} == {f"m{number}" for number in range(count)}
    assert len({orjson.loads(value)["event_id"] for value in seen}) == count
    places = {orjson.loads(value)["path"] for value in consumed(mock_kafka, "interactions.rejected")}
    assert places == {f"line {count + 1}"}


def consumed(kafka: KafkaSettings, topic: str) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "test", "enable.auto.commit": False})
    values: list[bytes] = []
    for number in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
        at = TopicPartition(topic, number, 0)
        _, end = consumer.get_watermark_offsets(at, timeout=10)
        consumer.assign([at])
        left = end
        while left:
            message = consumer.poll(10)
            assert message is not None
            assert message.error() is None
            values.append(message.value() or b"")
            left -= 1
    consumer.close()
    return values
