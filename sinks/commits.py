"""Commits that writers wait for, made by the consumer's own thread.

librdkafka's consumer is called from one thread only: a commit from another one while partitions are being reassigned
hangs for good. One commit is under way at a time, so that each answer is known to be to what was asked last; what is
asked together goes in one of them, which Kafka takes as a whole or not at all.
"""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

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


class Step(NamedTuple):
    """What is to be committed of one partition."""

    owner: Owner
    where: Where
    position: int
    mark: str

    @property
    def key(self) -> tuple[str, int]:
        """Its topic and partition."""
        return self.where.topic, self.where.partition


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    steps: Sequence[Step]
    done: "Future[None]" = field(default_factory=Future)


class Commits:
    """Requests to commit and what became of them. `ask` is for writers, the rest for the consumer's thread."""

    def __init__(self) -> None:
        self._asked: deque[_Request] = deque()
        self._flying: list[_Request] = []
        self._not_before = 0.0
        self._log = logger()

    def ask(self, steps: Sequence[Step]) -> "Future[None]":
        """Done when Kafka has all of them, which one commit brings; LostError when one has another owner."""
        request = _Request(steps)
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
        requests: list[_Request] = []
        keys: set[tuple[str, int]] = set()
        while self._asked and keys.isdisjoint(step.key for step in self._asked[0].steps):  # else its turn is the next
            request = self._asked.popleft()
            if any(step.owner.is_lost for step in request.steps):
                request.done.set_exception(LostError())
            else:
                requests.append(request)
                keys.update(step.key for step in request.steps)
        if not requests:
            return
        self._flying = requests
        steps = [step for request in requests for step in request.steps]
        offsets = [TopicPartition(*step.key, step.position, metadata=step.mark) for step in steps]
        try:
            consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as refused:
            self.answered(refused.args[0], [])

    def answered(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """The consumer's `on_commit`: what failed is asked again, until it succeeds or an owner has lost it."""
        errors = {(at.topic, at.partition): at.error for at in partitions}
        flying, self._flying = self._flying, []
        again = []
        for request in flying:
            failed = next(filter(None, (errors.get(step.key) for step in request.steps)), error)
            if failed is None:
                request.done.set_result(None)
            elif failed.fatal() or failed.code() in _HOPELESS:
                request.done.set_exception(FatalError(f"Kafka refused a commit for good: {failed.str()}"))
            else:
                where = request.steps[0].where
                self._log.warning("commit_failed", error=failed.name(), topic=where.topic, partition=where.partition)
                self._not_before = time.monotonic() + RETRY_S
                again.append(request)
        self._asked.extendleft(reversed(again))  # before what is asked later of the same partitions
