"""Asking Kafka from a command: what it cannot answer ends the command, and says where it was asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import TIMEOUT_S, admin_client
from schemas.kafka.clients import producer_config
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import ConfigurationError, KafkaSettings
from throughline.failures import Failed


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
        admin.list_topics(timeout=TIMEOUT_S)
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


@contextmanager
def _told(kafka: KafkaSettings) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        text = error.args[0].str()
        msg = f"kafka at {kafka.bootstrap}: {text}; is it running? `make kafka-start` runs one on this machine"
        raise Failed(msg) from None
