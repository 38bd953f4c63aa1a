"""A partition for as long as it is ours, and its log as the writer of its ranges sees it."""

import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.records import Position
from schemas.telemetry import Metrics, logger
from sinks.commits import Commits
from sinks.errors import FatalError, LostError
from sinks.gather import Gather
from sinks.ranges import Range, Where
from sinks.refuse import rejected_of

FLUSH_S: Final = 1.0


class Lease:
    """One partition, one writer.

    Attributes:
        where: the partition.
        gather: what has arrived of it.
        flying: the range that is being stored; None when the writer is idle.
        flying_written: when Kafka got the first record of that range, in seconds since 1970.
    """

    def __init__(self, where: Where, gather: Gather) -> None:
        self.where = where
        self.gather = gather
        self.flying: Range | None = None
        self.flying_size = 0
        self.flying_written = 0.0
        self._lost = threading.Event()

    @property
    def is_lost(self) -> bool:
        """Whether the partition has another owner now."""
        return self._lost.is_set()

    def lose(self) -> None:
        """The partition goes to another owner; its writer stops at its next step."""
        self._lost.set()

    def wait(self, seconds: float) -> None:
        """Wait, unless the partition is lost meanwhile."""
        if self._lost.wait(seconds):
            raise LostError


class Rejections:
    """Publishes to `interactions.rejected`."""

    def __init__(self, producer: Producer, topic: str, metrics: Metrics) -> None:
        self._producer = producer
        self._topic = topic
        self._metrics = metrics

    def publish(self, where: Where, offset: int, value: bytes, detail: str) -> KafkaError | None:
        """Publish one record and wait for all replicas; the error, when Kafka did not take it.

        Raises:
            FatalError: it can never take it.
        """
        own = Position(where.topic, where.topic_id, where.partition, offset)
        record = rejected_of(value, own, detail, datetime.now(UTC))
        reports: list[KafkaError | None] = []

        def report(error: KafkaError | None, _: Message) -> None:
            reports.append(error)

        try:
            self._producer.produce(
                self._topic, key=str(record.rejected_id).encode(), value=record.encode(), on_delivery=report
            )
        except BufferError:
            return KafkaError(KafkaError._QUEUE_FULL)  # noqa: SLF001  its public name
        except KafkaException as refused:
            msg = f"a rejected record cannot be published: {refused.args[0].str()}"
            raise FatalError(msg) from None
        while not reports:
            self._producer.flush(FLUSH_S)
        if reports[0] is None:
            self._metrics.rejected.labels(record.channel, record.source, record.fault.reason.value).inc()
        return reports[0]


class PartitionLog:
    """Implements `sinks.store.Log` for one lease; used by its writer's thread."""

    def __init__(self, lease: Lease, commits: Commits, rejections: Rejections) -> None:
        self._lease = lease
        self._commits = commits
        self._rejections = rejections
        self._log = logger(topic=lease.where.topic, partition=lease.where.partition)

    def commit(self, position: int, mark: str) -> None:
        """Commit; returns when Kafka has it."""
        done: Future[None] = self._commits.ask(self._lease, self._lease.where, position, mark)
        done.result()

    def reject(self, offset: int, value: bytes, detail: str) -> None:
        """Publish to `interactions.rejected`; returns when all replicas have it."""
        while error := self._rejections.publish(self._lease.where, offset, value, detail):
            if error.fatal():
                raise FatalError(error.str())
            self._log.warning("rejected_not_published", offset=offset, error=error.name())
            self._lease.wait(1.0)
        self._log.warning("row_refused", offset=offset)

    def pause(self, seconds: float) -> None:
        """Wait before the next try."""
        self._lease.wait(seconds)
