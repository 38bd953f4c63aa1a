"""Asking Kafka from a command: what it cannot answer ends the command, and says where it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import admin_client
from schemas.kafka.clients import producer_config
from schemas.settings import KafkaSettings
from throughline.failures import Failed


@contextmanager
def asking(kafka: KafkaSettings, part: str) -> Iterator[AdminClient]:
    """An admin client for the while.

    Raises:
        Failed: Kafka did not answer, or refused.
    """
    try:
        yield admin_client(producer_config(kafka, part))
    except KafkaException as error:
        text = error.args[0].str()
        msg = f"kafka at {kafka.bootstrap}: {text}; is it running? `make kafka-start` runs one on this machine"
        raise Failed(msg) from None
