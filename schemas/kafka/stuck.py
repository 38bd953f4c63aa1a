"""Notices a client that is stuck: Kafka owes it something, answers others, and it hears nothing.

After a restart of Kafka, librdkafka can stay for minutes, or for good, without a connection to the group's coordinator,
to a partition's leader, or to any broker. A process that is started again has one at once; so that is what ends it.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

from confluent_kafka import Consumer, KafkaException

from schemas.kafka.clients import Config, consumer_config
from schemas.settings import KafkaSettings

# Twice this with nothing heard while Kafka answers: neither a rebalance nor a batch takes so long.
PATIENCE_S: Final = 30.0
ASK_S: Final = 2.0


class StuckError(Exception):
    """A client hears nothing any more; a new start does."""


class Patience:
    """How long one client may hear nothing of what it waits for. All calls come from one thread."""

    def __init__(self, answers: Callable[[], bool], clock: Callable[[], float] = monotonic) -> None:
        """`answers`: whether Kafka answers somebody else."""
        self._answers = answers
        self._clock = clock
        self._since: float | None = None
        self._answered = False

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for something."""
        return self._since is not None

    def begin(self) -> None:
        """From now on it waits; also: it has heard something, and waits for more."""
        self._since, self._answered = self._clock(), False

    def end(self) -> None:
        """It waits for nothing."""
        self._since = None

    def check(self, what: str) -> None:
        """To be called often.

        Raises:
            StuckError: Kafka answered twice, PATIENCE_S apart, and still nothing was heard. `what` says of what.
        """
        if self._since is None or self._clock() - self._since < PATIENCE_S:
            return
        answers = self._answers()
        if answers and self._answered:
            raise StuckError(what)
        self._since, self._answered = self._clock(), answers


def asking_anew(config: Config) -> Callable[[], bool]:
    """Whether Kafka answers a client that is made for the question: one that is stuck may hear nothing at all.

    `config`: of a consumer.
    """

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


def patience_of(kafka: KafkaSettings, part: str) -> Patience:
    """With a client of a part, while Kafka answers a new one."""
    return Patience(asking_anew(consumer_config(kafka, part, "-")))
