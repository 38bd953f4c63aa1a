"""Where to begin with partitions that were assigned: asked of Kafka, decided by `sinks.ranges.start_of`."""

import threading
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import TopicMissingError, topic_ids
from schemas.settings import KafkaSettings
from schemas.telemetry import logger
from sinks.errors import LostError
from sinks.ranges import Start, start_of

ASK_S: Final = 10.0
RETRY_S: Final = 1.0


class Positions:
    """Asks for commits, marks, ends and topic ids. Called by the consumer's own thread."""

    def __init__(self, kafka: KafkaSettings, admin: AdminClient, stop: threading.Event) -> None:
        self._kafka = kafka
        self._admin = admin
        self._stop = stop
        self._log = logger()

    def of(self, consumer: Consumer, partitions: list[TopicPartition]) -> list[tuple[UUID, TopicPartition, Start]]:
        """Each partition's topic id and where to begin; asks again for as long as Kafka does not answer.

        Raises:
            LostError: the sink ends.
        """
        while True:
            try:
                return list(self._ask(consumer, partitions))
            except (KafkaException, TopicMissingError) as error:
                self._log.warning("positions_awaited", error=str(error))
                if self._stop.wait(RETRY_S):
                    raise LostError from None

    def _ask(
        self, consumer: Consumer, partitions: list[TopicPartition]
    ) -> Iterator[tuple[UUID, TopicPartition, Start]]:
        ids = topic_ids(self._admin, self._kafka, {at.topic for at in partitions})
        asked = [TopicPartition(at.topic, at.partition) for at in partitions]
        for at in consumer.committed(asked, timeout=ASK_S):
            if at.error is not None:
                raise KafkaException(at.error)
            low, high = consumer.get_watermark_offsets(TopicPartition(at.topic, at.partition), timeout=ASK_S)
            committed = at.offset if at.offset >= 0 else None
            yield ids[at.topic], at, start_of(ids[at.topic], committed, at.metadata, low, high)
