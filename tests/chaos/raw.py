"""What Kafka holds, read whole: the raw records by position, and values of other topics."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from confluent_kafka import Consumer, Message, TopicPartition

from schemas.check import check_all
from schemas.fates import Fault
from schemas.kafka.admin import admin_client, topic_ids
from schemas.kafka.clients import consumer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics

READ_S: Final = 300.0
_PAGE: Final = 5000


class Place(NamedTuple):
    """A position."""

    topic: str
    topic_id: UUID
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """A raw record, as far as the oracle asks.

    Attributes:
        message_id: the sender's own id; None: it is no interaction.
        mark: the fingerprint.
    """

    message_id: str | None
    mark: str


def raw_records(kafka: KafkaSettings) -> Mapping[Place, Record]:
    """Every raw record that is in Kafka, in the order of each partition."""
    topics = Topics(kafka.prefix)
    ids = topic_ids(admin_client(consumer_config(kafka, "test", "-")), kafka, topics.raw)
    found: dict[Place, Record] = {}
    for record in records(kafka, topics.raw):
        topic = record.topic() or ""
        place = Place(topic, ids[topic], record.partition() or 0, record.offset() or 0)
        found[place] = _read(record.value())
    return found


def _read(value: bytes | None) -> Record:
    [verdict] = check_all([value or b""])
    if isinstance(verdict, Fault):
        return Record(None, "")
    document = orjson.loads(value or b"")
    return Record(document.get("message_id") or "", document.get("fingerprint") or "")


def values(kafka: KafkaSettings, topic: str) -> list[bytes]:
    """Every value of a topic."""
    return [record.value() or b"" for record in records(kafka, (topic,))]


def records(kafka: KafkaSettings, topics: Iterable[str]) -> Iterator[Message]:
    """All records of topics, from their beginnings to the ends of now."""
    consumer = Consumer(consumer_config(kafka, "test", f"{kafka.prefix}oracle") | {"log_level": 2})
    try:
        left, begins = 0, []
        for topic in topics:
            for number in range(kafka.partitions):
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
                left += high - low
                begins.append(TopicPartition(topic, number, low))
        consumer.assign(begins)
        deadline = time.monotonic() + READ_S
        while left:
            assert time.monotonic() < deadline, f"{left} records did not come"
            for record in consumer.consume(_PAGE, 1.0):
                assert record.error() is None, record.error()
                left -= 1
                yield record
    finally:
        consumer.close()
