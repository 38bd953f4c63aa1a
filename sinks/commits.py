"""Commits that writers wait for, made by the consumer's own thread.

librdkafka's consumer is called from one thread only: a commit from another one while partitions are being reassigned
hangs for good. One request is under way at a time, so that each answer is known to be to what was asked last.
"""

import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from schemas.telemetry import logger
from sinks.errors import FatalError, LostError
from sinks.ranges import Where

RETRY_S: Final = 0.1
_HOPELESS: Final = frozenset(
    {
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.OFFSET_METADATA_TOO_LARGE,
        KafkaError.INVALID_COMMIT_OFFSET_SIZE,
    }
)


class Owner(Protocol):
    """Who holds a partition."""

    @property
    def is_lost(self) -> bool:
        """Whether it is another's now."""


class Committer(Protocol):
    """What we need of a consumer."""

    def commit(self, *, offsets: list[TopicPartition], asynchronous: Literal[True]) -> None:
        """Begin to commit; the answer comes to the consumer's `on_commit`."""


@dataclass(frozen=True, slots=True)
class _Request:
    owner: Owner
    where: Where
    position: int
    mark: str
    done: "Future[None]" = field(default_factory=Future)

    @property
    def key(self) -> tuple[str, int]:
        return self.where.topic, self.where.partition


class Commits:
    """Requests to commit and what became of them. `ask` is for writers, the rest for the consumer's thread."""

    def __init__(self) -> None:
        self._asked: deque[_Request] = deque()
        self._flying: dict[tuple[str, int], _Request] = {}
        self._not_before = 0.0
        self._log = logger()

    def ask(self, owner: Owner, where: Where, position: int, mark: str) -> "Future[None]":
        """Done when Kafka has it; LostError when the partition has another owner."""
        request = _Request(owner, where, position, mark)
        self._asked.append(request)
        return request.done

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked or under way."""
        return not self._asked and not self._flying

    def send(self, consumer: Committer) -> None:
        """Begin what waits, unless a request is under way."""
        if self._flying or time.monotonic() < self._not_before:
            return
        requests = []
        while self._asked:
            request = self._asked.popleft()
            if request.owner.is_lost:
                request.done.set_exception(LostError())
            else:
                requests.append(request)
        if not requests:
            return
        self._flying = {request.key: request for request in requests}
        offsets = [TopicPartition(*r.key, r.position, metadata=r.mark) for r in requests]
        try:
            consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as refused:
            self.answered(refused.args[0], [])

    def answered(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """The consumer's `on_commit`: what failed is asked again, until it succeeds or its owner has lost it."""
        errors = {(at.topic, at.partition): at.error for at in partitions}
        flying, self._flying = self._flying, {}
        for key, request in flying.items():
            failed = errors.get(key) or error
            if failed is None:
                request.done.set_result(None)
            elif failed.fatal() or failed.code() in _HOPELESS:
                request.done.set_exception(FatalError(f"Kafka refused a commit for good: {failed.str()}"))
            else:
                self._log.warning("commit_failed", error=failed.name(), topic=key[0], partition=key[1])
                self._not_before = time.monotonic() + RETRY_S
                self._asked.append(request)
