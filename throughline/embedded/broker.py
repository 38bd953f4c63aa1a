"""The embedded broker: librdkafka's mock cluster, in memory, in this process.

It speaks Kafka's protocol on a port of 127.0.0.1, makes topics of four partitions by itself, keeps about 5 MB of each
partition and then silently drops the oldest: the backlog budget holds the intake back long before. Source: librdkafka,
`test.mock.num.brokers` in CONFIGURATION.md and src/rdkafka_mock.c.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

from confluent_kafka import Producer

from schemas.settings import ConfigurationError, KafkaSettings

PARTITIONS: Final = 4  # of every topic of the mock; it knows no CreateTopics


@contextmanager
def embedded_broker(kafka: KafkaSettings) -> Iterator[KafkaSettings]:
    """Run a broker; yields the settings by which clients reach it, with a run id of its own.

    Raises:
        ConfigurationError: the settings ask for what it cannot do.
    """
    if kafka.partitions != PARTITIONS:
        msg = f"kafka.partitions = {kafka.partitions}: the embedded broker has {PARTITIONS} of every topic"
        raise ConfigurationError(msg)
    owner = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    brokers = owner.list_topics(timeout=10).brokers.values()
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    try:
        yield kafka.model_copy(update={"bootstrap": bootstrap, "embedded_run": uuid4()})
    finally:
        owner.flush(0)
        del owner
