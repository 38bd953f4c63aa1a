"""Ranges of other partitions, read once more: for an insert that one process began and another one must send again."""

from array import array
from collections.abc import Sequence
from dataclasses import replace
from logging import getLogger
from typing import Final, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.kafka.clients import Config
from schemas.telemetry import LIBRDKAFKA, logger
from sinks.ranges import Range, Span, Where

WAIT_S: Final = 0.5
FETCH: Final = 4000


class Waits(Protocol):
    """Who asks."""

    def pause(self, seconds: float) -> None:
        """Wait; raises LostError when there is no more reason to read."""


class Again:
    """Reads spans of a topic with a consumer of its own, which is no member of the group. Called by writers."""

    def __init__(self, settings: Config) -> None:
        self._settings: Config = {
            **settings,
            "auto.offset.reset": "earliest",  # what was deleted is known to be stored, or lost and told
            "enable.partition.eof": True,
            "group.protocol": "classic",
            "partition.assignment.strategy": "range",
        }
        self._log = logger()

    def read(self, where: Where, spans: Sequence[Span], waits: Waits) -> list[Range]:
        """One range a span, with what is still there of it.

        Raises:
            LostError: the asker has lost its partitions meanwhile.
        """
        consumer = Consumer(self._settings, logger=getLogger(LIBRDKAFKA))
        try:
            return [self._one(consumer, replace(where, partition=span.partition), span, waits) for span in spans]
        finally:
            consumer.close()

    def _one(self, consumer: Consumer, where: Where, span: Span, waits: Waits) -> Range:
        consumer.assign([TopicPartition(where.topic, span.partition, span.first)])
        offsets, values = array("q"), list[bytes]()
        while True:
            for message in consumer.consume(FETCH, WAIT_S):
                error = message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
                    self._log.warning("read_again_failed", topic=where.topic, error=error.name())
                    if error.fatal():
                        raise KafkaException(error)
                elif error is not None or (message.offset() or 0) > span.last:
                    return Range(where, span.first, span.last, offsets, values)
                else:
                    offsets.append(message.offset() or 0)
                    values.append(message.value() or b"")
            waits.pause(0.0)
