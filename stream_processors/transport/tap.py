"""Which partitions flow: none while too much is open, and never one that is withheld. For the poller's thread."""

from collections.abc import Iterable

from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as Place

from stream_processors.transport.progress import TopicPartition


class Tap:
    """Pauses and resumes what a consumer is assigned.

    Attributes:
        is_shut: nothing flows.
        withheld: partitions that do not flow when others do.
    """

    def __init__(self, consumer: Consumer) -> None:
        self.is_shut = False
        self.withheld: frozenset[TopicPartition] = frozenset()
        self._consumer = consumer
        self._all: frozenset[TopicPartition] = frozenset()

    def begin(self, assigned: Iterable[TopicPartition], withheld: frozenset[TopicPartition]) -> None:
        """These were just assigned, and flow."""
        self._all = frozenset(assigned)
        self.is_shut, self.withheld = False, withheld & self._all
        self._consumer.pause(_places(self.withheld))
        # librdkafka keeps a pause over a new assignment: what was shut when it was lost would stay so for good
        self._consumer.resume(_places(self._all - self.withheld))

    def shut(self) -> None:
        """Let nothing flow."""
        if not self.is_shut:
            self.is_shut = True
            self._consumer.pause(_places(self._all))

    def open(self) -> None:
        """Let flow what is not withheld."""
        if self.is_shut:
            self.is_shut = False
            self._consumer.resume(_places(self._all - self.withheld))

    def release(self, withheld: frozenset[TopicPartition]) -> None:
        """Let flow what is no longer withheld."""
        freed, self.withheld = self.withheld - withheld, self.withheld & withheld
        if freed and not self.is_shut:
            self._consumer.resume(_places(freed))


def _places(partitions: Iterable[TopicPartition]) -> list[Place]:
    return [Place(*at) for at in partitions]
