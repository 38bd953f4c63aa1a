"""Notices a member that lost its session and does not come back, although Kafka answers.

Whoever comes back is told its assignment, even an empty one.
"""

from collections.abc import Callable

from confluent_kafka import Consumer, TopicPartition

from schemas.kafka.stuck import Patience

Told = Callable[[Consumer, list[TopicPartition]], None]


class Rejoin:
    """One consumer's loss of its session. All calls come from the thread that polls it."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def lost(self, then: Told) -> Told:
        """An `on_lost` that notes the loss, then does `then`."""

        def told(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            self._patience.begin()
            then(consumer, partitions)

        return told

    def joined(self, then: Told) -> Told:
        """An `on_assign` that notes that the member is back, then does `then`."""

        def told(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            self._patience.end()
            then(consumer, partitions)

        return told

    def check(self) -> None:
        """To be called often.

        Raises:
            StuckError: Kafka answers, and for long the member has not come back.
        """
        self._patience.check("the session was lost, Kafka answers, and the group is not joined again")
