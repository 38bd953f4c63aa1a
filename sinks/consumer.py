"""The sink's consumer: its settings, and what comes of it: records by partition, or an error's fate."""

from array import array
from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message

from schemas.kafka.clients import Config, consumer_config, sink_group
from schemas.settings import KafkaSettings
from schemas.telemetry import logger
from sinks.errors import FatalError


def consumer_settings(kafka: KafkaSettings) -> Config:
    """The sink's consumer: cooperative, bounded in memory, and never sent elsewhere when a position is gone."""
    config = consumer_config(kafka, "sink", sink_group(kafka))
    own: Config = {
        "auto.offset.reset": "error",
        "queued.max.messages.kbytes": 8192,
        "fetch.message.max.bytes": 1 << 20,  # a larger record comes all the same, alone
        "fetch.max.bytes": 8 << 20,
    }
    if config.get("group.protocol", "classic") == "classic":
        config = {"session.timeout.ms": 10_000, "heartbeat.interval.ms": 2000} | config  # with KIP-848 the broker's
        own["partition.assignment.strategy"] = "cooperative-sticky"
    return {**config, **own}


class Run(NamedTuple):
    """Records of one partition, one after another; `written`: when Kafka got the first, in seconds since 1970."""

    offsets: "array[int]"
    values: list[bytes]
    written: float


def runs_of(messages: Iterable[Message]) -> dict[tuple[str, int], Run]:
    """The records by topic and partition.

    Raises:
        FatalError, KafkaException: one is an error that trying again does not mend.
    """
    runs: dict[tuple[str, int], Run] = {}
    for message in messages:
        if (error := message.error()) is not None:
            _judge(error, message)
            continue
        key = (message.topic() or "", message.partition() or 0)
        run = runs.get(key)
        if run is None:
            runs[key] = run = Run(array("q"), [], message.timestamp()[1] / 1000)
        run.offsets.append(message.offset() or 0)
        run.values.append(message.value() or b"")
    return runs


def _judge(error: KafkaError, message: Message) -> None:
    if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  its public name
        msg = f"the position in {message.topic()} [{message.partition()}] is gone; a restart tells what was lost"
        raise FatalError(msg)
    if error.fatal():
        raise KafkaException(error)
    logger().warning("consumer_warned", error=error.name())
