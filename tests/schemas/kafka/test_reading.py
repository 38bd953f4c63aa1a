"""Spans of records, read from the embedded broker, which speaks Kafka's protocol."""

import pytest
from confluent_kafka import Producer

from schemas.kafka.clients import producer_config
from schemas.kafka.reading import UnreadError, values
from schemas.settings import KafkaSettings

TOPIC = "interactions.web"


def send(kafka: KafkaSettings, counts: list[int]) -> None:
    producer = Producer(producer_config(kafka, "test"))
    for partition, count in enumerate(counts):
        for number in range(count):
            producer.produce(TOPIC, f"{partition}-{number}".encode(), partition=partition)
    assert not producer.flush(30)


def test_what_lies_in_the_spans_is_read_and_no_more(mock_kafka: KafkaSettings) -> None:
    send(mock_kafka, [5, 3, 0, 2])
    spans = {(TOPIC, 0): (1, 4), (TOPIC, 1): (0, 3), (TOPIC, 3): (2, 2)}
    found = sorted(values(mock_kafka, "test", spans, 60))
    assert found == [b"0-1", b"0-2", b"0-3", b"1-0", b"1-1", b"1-2"]
    assert list(values(mock_kafka, "test", {}, 60)) == []


def test_what_is_not_there_any_more_is_not_waited_for(mock_kafka: KafkaSettings) -> None:
    send(mock_kafka, [2, 0, 0, 0])
    assert sorted(values(mock_kafka, "test", {(TOPIC, 0): (0, 9), (TOPIC, 1): (0, 4)}, 60)) == [b"0-0", b"0-1"]


def test_time_is_bounded(mock_kafka: KafkaSettings) -> None:
    send(mock_kafka, [2, 0, 0, 0])
    with pytest.raises(UnreadError):
        list(values(mock_kafka, "test", {(TOPIC, 0): (0, 2)}, -1))
