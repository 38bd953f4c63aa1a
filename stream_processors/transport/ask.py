"""What the poller asks Kafka, and declares to it, at an assignment. Called from the poller's thread alone."""

from collections.abc import Callable, Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as Place

from schemas.telemetry import logger
from stream_processors.transport.errors import LOST
from stream_processors.transport.progress import TopicPartition
from stream_processors.transport.start import Found, Start

_TIMEOUT_S: Final = 10


def ask(consumer: Consumer, places: list[Place], wait: Callable[[float], bool]) -> dict[TopicPartition, Found]:
    """The group's commit and the records of each partition; `wait` some seconds, true when it is time to end.

    Raises:
        KafkaException: Kafka does not answer.
    """
    found = {}
    for place in _checked(consumer.committed(places, timeout=_TIMEOUT_S)):
        for _ in range(3):  # a new leader may not know yet how far it may show
            low, high = consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S, cached=False)
            if place.offset <= high or wait(1.0):
                break
        found[place.topic, place.partition] = Found(place.offset, place.metadata or "", low, high)
    return found


def declare(consumer: Consumer, starts: Mapping[TopicPartition, Start]) -> bool:
    """Commit the marks that are new; False: the partitions have moved away meanwhile, and nothing may begin.

    Raises:
        KafkaException: Kafka does not answer, or refuses.
    """
    new = [Place(*at, begin.offset, begin.mark) for at, begin in starts.items() if begin.is_declared]
    try:
        if new:
            _checked(consumer.commit(offsets=new, asynchronous=False) or [])
    except KafkaException as error:
        if error.args[0].code() not in LOST:
            raise
        logger().warning("commit_failed", code=error.args[0].name(), text=error.args[0].str())
        return False
    return True


def _checked(places: list[Place]) -> list[Place]:
    for place in places:
        if place.error is not None:
            raise KafkaException(place.error)
    return places
