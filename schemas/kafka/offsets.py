"""Partitions, their ends and committed positions, asked of Kafka in one request each."""

from collections.abc import Callable, Iterable
from datetime import datetime
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas.kafka.admin import admin_client, topic_ids
from schemas.kafka.clients import consumer_config
from schemas.settings import KafkaSettings

TIMEOUT_S: Final = 5.0
_QUIET: Final = 0  # librdkafka's log level: what fails is raised here, and reported once by whoever asks


_SETTLING: Final = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}  # a broker has just started, or groups move: it lasts a moment
_PAUSE_S: Final = 0.1


class KafkaOffsets:
    """Implements `schemas.kafka.backlog.Offsets`. Every call may raise KafkaException. For one thread."""

    def __init__(self, kafka: KafkaSettings, part: str, *, refresh_s: float = 0.0) -> None:
        """`refresh_s`: for how long a list of the partitions is good."""
        self._kafka = kafka
        self._part = part
        self._refresh_s = refresh_s
        self._admin: AdminClient = admin_client(consumer_config(kafka, part, "-"))
        self._groups: dict[str, Consumer] = {}
        self._partitions: dict[str, list[int]] = {}
        self._known_until = float("-inf")

    def partitions(self, topics: Iterable[str]) -> list[tuple[str, int]]:
        """Every partition of these topics that exist."""
        if monotonic() >= self._known_until:
            found = self._admin.list_topics(timeout=TIMEOUT_S).topics
            self._partitions = {name: list(topic.partitions) for name, topic in found.items() if topic.error is None}
            self._known_until = monotonic() + self._refresh_s
        return [(topic, number) for topic in topics for number in self._partitions.get(topic, [])]

    def topic_ids(self, topics: Iterable[str]) -> dict[str, UUID]:
        """The id of each topic.

        Raises:
            TopicMissingError: one does not exist.
        """
        return topic_ids(self._admin, self._kafka, topics)

    def committed(self, group: str, partitions: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The position of a group in each partition; the partition's beginning where it has none."""
        if not partitions:
            return {}
        consumer = self._consumer(group)
        found: dict[tuple[str, int], int] = {}
        for at in _patiently(lambda: consumer.committed([TopicPartition(*at) for at in partitions], timeout=TIMEOUT_S)):
            if at.error is not None:
                raise KafkaException(at.error)
            found[at.topic, at.partition] = at.offset
        unset = [where for where, offset in found.items() if offset < 0]
        return found | self._list(unset, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # confluent's has no types

    def begins_of(self, partitions: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The beginning of each partition: its first record, where retention has left any."""
        return self._list(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # confluent's has no types

    def at(self, partitions: list[tuple[str, int]], moment: datetime) -> dict[tuple[str, int], int]:
        """The first record at a time or later, else the end, of each partition; the embedded broker cannot say."""
        if self._kafka.is_embedded:  # it knows beginnings and ends only
            return {}
        found = self._list(partitions, OffsetSpec.for_timestamp(int(moment.timestamp() * 1000)))
        return found | self.ends_of([where for where, offset in found.items() if offset < 0])

    def ends(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        """The end of every partition of these topics that exist."""
        return self.ends_of(self.partitions(topics))

    def ends_of(self, partitions: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The end of each partition."""
        return self._list(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # confluent's has no types

    def close(self) -> None:
        """Leave Kafka."""
        for consumer in self._groups.values():
            consumer.close()
        self._groups.clear()

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
            config = consumer_config(self._kafka, self._part, group) | {"log_level": _QUIET}
            self._groups[group] = Consumer(config)
        return self._groups[group]


def _patiently(ask: Callable[[], list[TopicPartition]]) -> list[TopicPartition]:
    """Ask again while groups find their coordinator, for a bounded time."""
    deadline = monotonic() + TIMEOUT_S
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in _SETTLING or monotonic() > deadline:
                raise
        sleep(_PAUSE_S)
