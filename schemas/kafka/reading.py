"""Records of some spans, read by nobody's group: what a look at Kafka needs to see for itself."""

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.kafka.clients import Config, consumer_config
from schemas.settings import KafkaSettings

_FETCH: Final = 2000
_WAIT_S: Final = 1.0


class UnreadError(Exception):
    """Not everything could be read in the time."""


def values(
    kafka: KafkaSettings, part: str, spans: Mapping[tuple[str, int], tuple[int, int]], seconds: float
) -> Iterator[bytes]:
    """The values of the records [first, end) of each partition, as far as they are still there.

    Raises:
        UnreadError: `seconds` have passed.
        KafkaException: Kafka refused.
    """
    own: Config = {"enable.partition.eof": True, "auto.offset.reset": "earliest", "log_level": 0}
    left = {at: end for at, (first, end) in spans.items() if first < end}
    deadline = monotonic() + seconds
    consumer = Consumer(consumer_config(kafka, part, "-") | own)
    try:
        consumer.assign([TopicPartition(*at, spans[at][0]) for at in left])
        while left:
            if monotonic() > deadline:
                raise UnreadError
            for message in consumer.consume(_FETCH, _WAIT_S):
                at = message.topic() or "", message.partition() or 0
                error, offset = message.error(), message.offset() or 0
                if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
                    raise KafkaException(error)
                if error is None and offset < left.get(at, 0):
                    yield message.value() or b""
                if error is not None or offset + 1 >= left.get(at, 0):
                    left.pop(at, None)
    finally:
        consumer.close()
