"""What flows, on a real consumer: librdkafka keeps a pause for longer than one would think."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.kafka.clients import consumer_config, producer_config
from schemas.settings import KafkaSettings
from stream_processors.transport.tap import Tap

TOPIC = "flowing"
BOTH = [(TOPIC, 0), (TOPIC, 1)]
NONE: frozenset[tuple[str, int]] = frozenset()


@pytest.fixture
def consumer(mock_kafka: KafkaSettings) -> Iterator[Consumer]:
    """A consumer of two partitions with 200 records each."""
    producer = Producer(producer_config(mock_kafka, "test"))
    for number in range(400):
        producer.produce(TOPIC, b"value", partition=number % 2)
    assert not producer.flush(30)
    made = Consumer(consumer_config(mock_kafka, "test", "flowing"))
    yield made
    made.close()


def assign(consumer: Consumer) -> None:
    consumer.assign([TopicPartition(topic, number, 0) for topic, number in BOTH])


def partitions(consumer: Consumer, wait_s: float) -> set[int]:
    """Where records come from."""
    return {record.partition() or 0 for record in consumer.consume(400, wait_s)}


def test_shut_nothing_flows_and_open_all_of_it(consumer: Consumer) -> None:
    tap = Tap(consumer)
    assign(consumer)
    tap.begin(BOTH, NONE)
    tap.shut()
    assert not partitions(consumer, 1)
    tap.open()
    assert partitions(consumer, 5) == {0, 1}


def test_what_was_shut_when_it_was_lost_flows_when_it_comes_back(consumer: Consumer) -> None:
    tap = Tap(consumer)
    assign(consumer)
    tap.begin(BOTH, NONE)
    tap.shut()
    consumer.unassign()
    assign(consumer)
    tap.begin(BOTH, NONE)
    assert partitions(consumer, 5) == {0, 1}


def test_what_is_withheld_flows_when_it_is_released(consumer: Consumer) -> None:
    tap = Tap(consumer)
    assign(consumer)
    tap.begin(BOTH, frozenset({(TOPIC, 1)}))
    assert partitions(consumer, 3) == {0}
    tap.release(NONE)
    assert partitions(consumer, 5) == {1}
