"""A partition for as long as it is ours, and some of them as the writer of their ranges sees them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.kafka.stuck import Patience
from schemas.records import Position
from schemas.telemetry import Metrics, logger
from sinks.again import Again
from sinks.commits import Commits, Step
from sinks.errors import FatalError, LostError
from sinks.gather import Gather
from sinks.ranges import Range, Where, together
from sinks.refuse import rejected_of

FLUSH_S: Final = 1.0


class Lease:
    """One partition, one writer.

    Attributes:
        where: the partition.
        gather: what has arrived of it.
        is_patient: whether its rows may come a little later than others (`sinks.tables.Target`).
        flying: the range that is being stored; None when the writer is idle.
        flying_written: when Kafka got the first record of that range, in seconds since 1970.
    """

    def __init__(self, where: Where, gather: Gather, *, is_patient: bool = False) -> None:
        self.where = where
        self.gather = gather
        self.is_patient = is_patient
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

    def __init__(self, producer: Producer, topic: str, metrics: Metrics, answers: Callable[[], bool]) -> None:
        """`answers`: whether Kafka answers somebody else than this producer."""
        self._producer = producer
        self._topic = topic
        self._metrics = metrics
        self._answers = answers

    def publish(self, where: Where, offset: int, value: bytes, detail: str) -> KafkaError | None:
        """Publish one record and wait for all replicas; the error, when Kafka did not take it.

        Raises:
            FatalError: it can never take it.
            StuckError: Kafka answers, and takes nothing from this producer.
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
        patience = Patience(self._answers)
        patience.begin()
        while not reports:
            self._producer.flush(FLUSH_S)
            patience.check("Kafka answers, and has not taken a rejected record for a minute")
        if reports[0] is None:
            self._metrics.rejected.labels(record.channel, record.source, record.fault.reason.value).inc()
        return reports[0]


class WriterLog:
    """Implements `sinks.store.Log` for leases of one topic; used by their writer's thread."""

    def __init__(self, leases: Sequence[Lease], commits: Commits, rejections: Rejections, again: Again) -> None:
        self._leases = {lease.where.partition: lease for lease in leases}
        self._commits = commits
        self._rejections = rejections
        self._again = again
        self._log = logger(topic=leases[0].where.topic)

    def pend(self, ranges: Sequence[Range]) -> None:
        """Commit all marks or none; returns when Kafka has them."""
        self._commit([self._step(batch, batch.first, batch.mark) for batch in ranges])

    def whole(self, ranges: Sequence[Range]) -> Sequence[Range]:
        """The ranges, and those beside them, read again where they are not among them; by partition."""
        missing = sorted({*ranges[0].beside} - {batch.span for batch in ranges})
        if not missing:
            return ranges
        self._log.info("ranges_read_again", count=len(missing))
        others = [replace(batch, layout=ranges[0].layout) for batch in self._again.read(ranges[0].where, missing, self)]
        return together([*ranges, *others])

    def finish(self, ranges: Sequence[Range]) -> None:
        """Commit the positions after them; returns when Kafka has them."""
        self._commit([self._step(batch, batch.last + 1, "") for batch in ranges])

    def reject(self, batch: Range, offset: int, value: bytes) -> None:
        """Publish to `interactions.rejected`; returns when all replicas have it."""
        while error := self._rejections.publish(batch.where, offset, value, batch.detail):
            if error.fatal():
                raise FatalError(error.str())
            self._log.warning("rejected_not_published", partition=batch.where.partition, error=error.name())
            self.pause(1.0)
        self._log.warning("row_refused", partition=batch.where.partition, offset=offset)

    def pause(self, seconds: float) -> None:
        """Wait before the next try. Raises LostError when a partition has another owner."""
        for lease in self._leases.values():
            lease.wait(seconds)
            seconds = 0.0

    def _step(self, batch: Range, position: int, mark: str) -> Step:
        return Step(self._leases[batch.where.partition], batch.where, position, mark)

    def _commit(self, steps: Sequence[Step]) -> None:
        self._commits.ask(steps).result()
