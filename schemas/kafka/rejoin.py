"""Notices a member that lost its session and does not come back, although Kafka answers.

After a restart of Kafka, librdkafka can stay for minutes, or for good, without a connection to the group's coordinator,
or to any broker. A process that is started again joins at once; so that is what ends it. Whoever comes back is told its
assignment, even an empty one.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.kafka.clients import Config

PATIENCE_S: Final = 30.0  # twice this without an assignment while Kafka answers: no rebalance takes so long
ASK_S: Final = 2.0

Told = Callable[[Consumer, list[TopicPartition]], None]


class StuckError(Exception):
    """The member does not come back to its group; a new start does."""


class Rejoin:
    """One consumer's loss of its session. All calls come from the thread that polls it."""

    def __init__(self, answers: Callable[[], bool], clock: Callable[[], float] = monotonic) -> None:
        """`answers`: whether Kafka answers somebody else."""
        self._answers = answers
        self._clock = clock
        self._since: float | None = None
        self._answered = False

    def lost(self, then: Told) -> Told:
        """An `on_lost` that notes the loss, then does `then`."""

        def told(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            self._since, self._answered = self._clock(), False
            then(consumer, partitions)

        return told

    def joined(self, then: Told) -> Told:
        """An `on_assign` that notes that the member is back, then does `then`."""

        def told(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            self._since = None
            then(consumer, partitions)

        return told

    def check(self) -> None:
        """To be called often.

        Raises:
            StuckError: Kafka answered twice, PATIENCE_S apart, and the member is still not back.
        """
        if self._since is None or self._clock() - self._since < PATIENCE_S:
            return
        answers = self._answers()
        if answers and self._answered:
            raise StuckError("the session was lost, Kafka answers, and the group is not joined again")
        self._since, self._answered = self._clock(), answers


def asking_anew(config: Config) -> Callable[[], bool]:
    """Whether Kafka answers a client that is made for the question: one that is stuck may hear nothing at all."""

    def answers() -> bool:
        consumer = Consumer(config | {"log_level": 0})
        try:
            consumer.list_topics(timeout=ASK_S)
        except KafkaException:
            return False
        finally:
            consumer.close()
        return True

    return answers
