"""The protections of the promise, each with what switches it off in a child process.

A protection that can be taken away without the oracle noticing is either not needed or not tested: `test_protections`
aims a fault at each, with it and without it.
"""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import uuid4


def _answer_before_ack() -> None:
    """The intake answers when a record is handed to the producer, not when Kafka has it."""
    from producers.judge import Record
    from producers.publish import Publisher

    async def send(self: Publisher, records: Sequence[Record], size: int, _headers: object) -> None:
        for topic, key, value in records:
            self._producer.produce(topic, value, key)
        self._flying -= size

    _replace(Publisher, "_send", send)


def _no_dedupe_store() -> None:
    """The processor remembers nothing of earlier runs."""
    from stream_processors.store import Store

    def get(_: Store, keys: list[bytes]) -> list[bytes | None]:
        return [None] * len(keys)

    _replace(Store, "get", get)


def _no_position_in_the_store() -> None:
    """The store knows that an id was seen, and not where: a record that is replayed looks like a copy of itself."""
    from stream_processors.core import step

    _replace(step, "is_itself", lambda _entry, _mine: False)


def _no_insert_token() -> None:
    """Every try of an insert has a token of its own."""
    from sinks.ranges import Range

    _replace(Range, "token", property(lambda _: str(uuid4())))


def _no_pending_range() -> None:
    """The sink's commit does not say what is on its way."""
    from sinks.ranges import Range

    _replace(Range, "mark", property(lambda _: ""))


def _commit_what_is_read() -> None:
    """Positions are committed as they are read, finished or not, as a consumer's auto commit does."""
    from stream_processors.transport.progress import Progress, TopicPartition

    def committable(self: Progress) -> dict[TopicPartition, int]:
        with self._changed:
            return {at: end for at, end in self._read.items() if end != self._committed[at]}

    _replace(Progress, "committable", committable)


def _replace(owner: object, name: str, other: object) -> None:
    """Put another thing in the place of one that must be there."""
    getattr(owner, name)
    setattr(owner, name, other)


PROTECTIONS: Final[dict[str, Callable[[], None]]] = {
    "ack before answer": _answer_before_ack,
    "dedupe store": _no_dedupe_store,
    "position in the store": _no_position_in_the_store,
    "insert token": _no_insert_token,
    "pending range": _no_pending_range,
    "own commit positions": _commit_what_is_read,
}
