"""Asking Kafka from a command: what it cannot answer ends the command, and says where it was asked."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging import getLogger
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import admin_client
from schemas.kafka.clients import producer_config
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import ConfigurationError, KafkaSettings
from schemas.telemetry import LIBRDKAFKA
from throughline.failures import Failed

ANSWER_S: Final = 4.5  # of a first question: somebody waits at a terminal
DELIVERY_S: Final = 15.0


class Outgoing(NamedTuple):
    """A record to write."""

    topic: str
    partition: int
    key: bytes
    value: bytes


@contextmanager
def known_keys(kafka: KafkaSettings) -> Iterator[None]:
    """Around a part: a key that librdkafka does not know, or a value that it cannot use, is the configuration's fault.

    Raises:
        ConfigurationError: instead of librdkafka's own error.
    """
    try:
        yield
    except KafkaException as error:
        if not kafka.librdkafka or error.args[0].code() != KafkaError._INVALID_ARG:  # noqa: SLF001  its public name
            raise
        raise ConfigurationError(f"kafka: {error.args[0].str()}") from None


@contextmanager
def asking(kafka: KafkaSettings, part: str) -> Iterator[AdminClient]:
    """An admin client for the while, once Kafka has answered.

    Raises:
        ConfigurationError: Kafka does not let us in.
        Failed: Kafka did not answer, or refused.
    """
    with _told(kafka):
        admin = admin_client(producer_config(kafka, part))
        admin.list_topics(timeout=ANSWER_S)
        yield admin


def wait_until_consumed(kafka: KafkaSettings, group: str, topics: tuple[str, ...], timeout: float) -> int:
    """Wait until a group has consumed these topics to their ends, `timeout` seconds at most; what is left, in records.

    Raises:
        Failed: Kafka cannot be asked.
    """
    offsets = KafkaOffsets(kafka, "up")
    deadline = time.monotonic() + timeout
    with _told(kafka):
        while True:
            ends = offsets.ends(topics)
            committed = offsets.committed(group, list(ends))
            behind = sum(max(0, end - committed[partition]) for partition, end in ends.items())
            if not behind or time.monotonic() > deadline:
                return behind
            time.sleep(0.1)


def wait_until_committed(
    kafka: KafkaSettings, group: str, topic: str, offsets: Mapping[int, int], timeout: float
) -> int:
    """Wait until a group has committed beyond an offset in each of some partitions; in how many it has not.

    Raises:
        Failed: Kafka cannot be asked.
    """
    asked = KafkaOffsets(kafka, "cli")
    deadline = time.monotonic() + timeout
    with _told(kafka):
        while True:
            committed = asked.committed(group, [(topic, partition) for partition in offsets])
            behind = sum(committed[topic, partition] <= offset for partition, offset in offsets.items())
            if not behind or time.monotonic() > deadline:
                return behind
            time.sleep(0.1)


def partitions_of(kafka: KafkaSettings, topic: str) -> int:
    """How many partitions a topic has.

    Raises:
        Failed: Kafka cannot be asked, or there is no such topic.
    """
    with asking(kafka, "cli") as admin:
        found = admin.list_topics(topic, timeout=DELIVERY_S).topics[topic]
    if found.error is not None:
        msg = f"kafka at {kafka.bootstrap}: topic {topic}: {found.error.str()}; run `throughline topics create`"
        raise Failed(msg)
    return len(found.partitions)


def send(kafka: KafkaSettings, records: Sequence[Outgoing]) -> dict[int, int]:
    """Write records of one topic in order, and wait until all replicas have them; by partition, the last offset.

    Raises:
        Failed: Kafka does not have all of them.
    """
    offsets: dict[int, int] = {}
    failures: list[str] = []

    def told(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failures.append(error.str())
        else:
            offsets[message.partition() or 0] = message.offset() or 0

    config = producer_config(kafka, "cli") | {"message.timeout.ms": int(DELIVERY_S * 1000), "log_level": 0}
    with _told(kafka):
        producer = Producer(config, logger=getLogger(LIBRDKAFKA))
        for record in records:
            producer.produce(record.topic, record.value, record.key, record.partition, on_delivery=told)
        left = producer.flush(DELIVERY_S)
    if failures or left:
        msg = f"kafka at {kafka.bootstrap} took only some of it: {failures[0] if failures else 'no answer'}; try again"
        raise Failed(msg)
    return offsets


@contextmanager
def _told(kafka: KafkaSettings) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        text = error.args[0].str()
        msg = f"kafka at {kafka.bootstrap}: {text}; is it running? `make kafka-start` runs one on this machine"
        raise Failed(msg) from None
