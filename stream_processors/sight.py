"""Whether the readers of the outputs can be seen: if not, what is sent counts as waiting, until no room is left."""

from collections.abc import Callable
from typing import Final

from confluent_kafka import KafkaException

from schemas.kafka.stuck import Patience, StuckError
from schemas.telemetry import logger
from stream_processors.transport.errors import is_passing

_WHAT: Final = "Kafka answers, and not the client that asks how far the readers are"


class Sight:
    """Told of every look at the readers; says when they are out of sight, and when they are back. For one thread."""

    def __init__(self, patience: Patience, fail: Callable[[BaseException], None]) -> None:
        """`fail` is told when the client that asks is stuck: the part should end, and begin again."""
        self._patience = patience
        self._fail = fail
        self._is_lost = False

    def looked(self, failure: Exception | None) -> None:
        """A look is over; `failure`: why nothing was seen."""
        if failure is None:
            if self._is_lost:
                self._is_lost = False
                self._patience.end()
                logger().info("readers_found")
            return
        if not self._is_lost:
            self._is_lost = True
            logger().warning("readers_lost", error=type(failure).__name__, text=_text(failure))
            if isinstance(failure, KafkaException) and is_passing(failure.args[0]):
                self._patience.begin()
        try:
            self._patience.check(_WHAT)
        except StuckError as stuck:
            self._patience.end()  # it is told once
            self._fail(stuck)


def _text(failure: Exception) -> str | None:
    """Kafka's words quote no data."""
    return str(failure) if isinstance(failure, KafkaException) else None
