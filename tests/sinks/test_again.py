"""Ranges that another process began with are read again, whoever has their partitions now."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from confluent_kafka import Producer

from schemas.kafka.clients import producer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.again import Again
from sinks.consumer import consumer_settings
from sinks.errors import LostError
from sinks.ranges import Span, Where

WHERE = Where(Topics().timeline, UUID(int=1), 0)


@dataclass
class Waits:
    """Waits for ever, or has lost its partitions."""

    is_lost: bool = False

    def pause(self, seconds: float) -> None:
        if self.is_lost:
            raise LostError


def publish(kafka: KafkaSettings, partition: int, count: int) -> None:
    producer = Producer(producer_config(kafka, "test"))
    for number in range(count):
        producer.produce(WHERE.topic, b"%d.%d" % (partition, number), partition=partition)
    assert not producer.flush(30)


@pytest.mark.slow
def test_spans_are_read_as_they_were(mock_kafka: KafkaSettings) -> None:
    for partition in (1, 2):
        publish(mock_kafka, partition, 50)
    spans = [Span(1, 3, 5), Span(2, 48, 49)]
    found = Again(consumer_settings(mock_kafka)).read(WHERE, spans, Waits())
    assert [batch.span for batch in found] == spans
    assert [list(batch.offsets) for batch in found] == [[3, 4, 5], [48, 49]]
    assert [list(batch.values) for batch in found] == [[b"1.3", b"1.4", b"1.5"], [b"2.48", b"2.49"]]


@pytest.mark.slow
def test_who_has_lost_the_partitions_reads_no_more(mock_kafka: KafkaSettings) -> None:
    publish(mock_kafka, 1, 3)
    with pytest.raises(LostError):
        Again(consumer_settings(mock_kafka)).read(
            Where("nothing", UUID(int=1), 0), [Span(1, 0, 9)], Waits(is_lost=True)
        )
