"""Ends and committed positions, asked of Kafka in one request each."""

from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas.kafka.admin import admin_client
from schemas.kafka.clients import consumer_config
from schemas.settings import KafkaSettings

TIMEOUT_S = 5.0


class KafkaOffsets:
    """Implements `schemas.kafka.backlog.Offsets`. Every call may raise KafkaException."""

    def __init__(self, kafka: KafkaSettings, part: str) -> None:
        self._kafka = kafka
        self._part = part
        self._admin: AdminClient = admin_client(consumer_config(kafka, part, "-"))
        self._groups: dict[str, Consumer] = {}

    def committed(self, group: str, partitions: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The position of a group in each partition; the partition's beginning where it has none."""
        if not partitions:
            return {}
        consumer = self._consumer(group)
        found: dict[tuple[str, int], int] = {}
        for at in consumer.committed([TopicPartition(*where) for where in partitions], timeout=TIMEOUT_S):
            if at.error is not None:
                raise KafkaException(at.error)
            found[at.topic, at.partition] = at.offset
        unset = [where for where, offset in found.items() if offset < 0]
        return found | self._list(unset, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # untyped in confluent-kafka

    def ends(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        """The end of every partition of these topics that exist."""
        known = self._admin.list_topics(timeout=TIMEOUT_S).topics
        partitions = [(topic, number) for topic in topics if topic in known for number in known[topic].partitions]
        return self._list(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # as above

    def _list(self, partitions: list[tuple[str, int]], spec: OffsetSpec) -> dict[tuple[str, int], int]:
        if not partitions:
            return {}
        asked = self._admin.list_offsets(
            {TopicPartition(*where): spec for where in partitions}, request_timeout=TIMEOUT_S
        )
        return {(at.topic, at.partition): future.result().offset for at, future in asked.items()}

    def _consumer(self, group: str) -> Consumer:
        """A consumer that never subscribes: it only asks for the group's commits."""
        if group not in self._groups:
            self._groups[group] = Consumer(consumer_config(self._kafka, self._part, group))
        return self._groups[group]
