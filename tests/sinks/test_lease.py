"""A producer of rejected records that hears nothing, although Kafka answers."""

from uuid import UUID

import pytest
from confluent_kafka import Producer

from schemas.kafka.stuck import StuckError
from schemas.telemetry import Metrics
from sinks.lease import Rejections
from sinks.ranges import Where

WHERE = Where("timeline.events", UUID(int=1), 0)


def test_a_rejected_record_that_nobody_takes_although_kafka_answers_ends_the_sink(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("schemas.kafka.stuck.PATIENCE_S", 0.0)
    monkeypatch.setattr("sinks.lease.FLUSH_S", 0.01)
    heard = iter([True, False, True, True])
    producer = Producer({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    rejections = Rejections(producer, "interactions.rejected", Metrics(), lambda: next(heard))
    with pytest.raises(StuckError, match="has not taken a rejected record"):
        rejections.publish(WHERE, 0, b"{}", "no row")
    assert not list(heard)
    producer.purge()
    producer.close()
