"""The sink's loop: one consumer, one thread that calls it, and writers that store ranges beside it.

Partitions are assigned cooperatively under both group protocols (cooperative-sticky, or KIP-848 where
`kafka.group.protocol = "consumer"`). A partition that goes to another owner is let go at once: what was gathered is
forgotten, what was pending is stored again by the next owner under the same token, which ClickHouse drops.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from logging import getLogger
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.kafka.clients import sink_group
from schemas.kafka.rejoin import Rejoin
from schemas.kafka.stuck import Patience, asking_anew
from schemas.settings import KafkaSettings
from schemas.telemetry import LIBRDKAFKA, Metrics, Once, logger
from sinks.again import Again
from sinks.assign import Positions
from sinks.commits import Commits, Step
from sinks.company import companies
from sinks.consumer import consumer_settings, runs_of
from sinks.errors import LostError
from sinks.gather import Gather, Limits
from sinks.lease import Lease, Rejections, WriterLog
from sinks.pace import LIGHT, Pace
from sinks.ranges import Range, Where
from sinks.store import Table, store
from sinks.tables import INTERACTIONS, Target
from sinks.writers import Writers

WRITERS: Final = 4  # inserts at the same time
BUDGET: Final = 112 << 20  # bytes of records held; above it the consumer pauses
PRESSED: Final = 8 << 20  # bytes of records held; above it large ranges matter more than whose turn it is
FETCH: Final = 4000  # records taken at once
BUSY_S: Final = 0.004  # how long the consumer waits for records while writers wait for answers
IDLE_S: Final = 0.05
DRAIN_S: Final = 6.0
END_S: Final = 9.0  # from the signal to the end, leaving the group included
GAUGES_S: Final = 1.0


class Loop:
    """Reads the output topics and stores them, until told to stop."""

    def __init__(
        self,
        kafka: KafkaSettings,
        *,
        positions: Positions,
        tables: Mapping[str, tuple[Target, Table]],
        rejections: Rejections,
        metrics: Metrics,
        limits: Limits | None = None,
    ) -> None:
        self._positions = positions
        self._tables = tables
        self._rejections = rejections
        self._metrics = metrics
        self._limits = limits or Limits()
        self._group = sink_group(kafka)
        self._commits = Commits()
        self._rejoin = Rejoin(Patience(asking_anew(consumer_settings(kafka))))
        self._leases: dict[tuple[str, int], Lease] = {}
        self._writers = Writers(WRITERS, self._store)
        self._pace = Pace(time.monotonic())
        self._held = 0  # bytes in gathers and in flight
        self._paused = False
        self._draining = False
        self._gauges_at = self._leave_by = 0.0
        self._log = logger()
        self._once = Once()
        self._again = Again(consumer_settings(kafka))
        told = {"on_commit": self._commits.answered, "error_cb": self._failed}
        self._consumer = Consumer({**consumer_settings(kafka), **told}, logger=getLogger(LIBRDKAFKA))

    def run(self, stop: threading.Event, subscribed: Callable[[], None]) -> None:
        """Read and store until `stop`; then store what was gathered, commit, and leave.

        Raises:
            FatalError: trying again cannot help.
            KafkaException: Kafka refused for good.
        """
        self._writers.start()
        back, gone = self._rejoin.joined(self._assigned), self._rejoin.lost(self._revoked)
        self._consumer.subscribe(list(self._tables), on_assign=back, on_revoke=self._revoked, on_lost=gone)
        subscribed()
        try:
            while not stop.is_set():
                self._turn()
            self._drain()
        finally:
            self._leave()

    def _turn(self) -> None:
        """One turn: take records, answer writers, hand out ranges."""
        self._take(self._consumer.consume(1, BUSY_S if self._writers.busy else IDLE_S if self._is_quiet() else BUSY_S))
        if not self._paused:
            self._take(self._consumer.consume(FETCH, 0))
        self._settle()
        self._hand_out(flush=False)
        self._hold_back()
        self._rejoin.check()
        self._show()

    def _is_quiet(self) -> bool:
        return self._held == 0 and self._commits.is_idle

    def _take(self, messages: Sequence[Message]) -> None:
        """Give each partition what came of it."""
        if not messages or self._draining:
            return
        now = time.monotonic()
        for key, run in runs_of(messages).items():
            lease = self._leases.get(key)
            if lease is not None:
                before = lease.gather.size
                lease.gather.add(run.offsets, run.values, now, run.written)
                self._held += lease.gather.size - before

    def _settle(self) -> None:
        """Answer writers: their commits, and their loads that are done."""
        self._commits.send(self._consumer)
        for leases, size, error in self._writers.done():
            self._held -= size
            if isinstance(error, LostError):
                self._begin_again([lease for lease in leases if not lease.is_lost])
            elif error is not None:
                raise error

    def _hand_out(self, *, flush: bool) -> None:
        """Give idle writers what is due."""
        if not self._writers.has_idle():
            return
        now = time.monotonic()
        for company in companies(self._leases.values(), self._limits, pressed=self._held > PRESSED):
            if not (flush or company.is_full or self._pace.allows(now)):
                return
            for leases, ranges in company.take(now, flush=flush):
                self._hand(leases, ranges)
            if not self._writers.has_idle():
                return

    def _hand(self, leases: Sequence[Lease], ranges: Sequence[Range]) -> None:
        table = self._tables[leases[0].where.topic][0].table
        self._pace.spend(sum(len(batch.values) for batch in ranges), 1.0 if table == INTERACTIONS else LIGHT)
        self._writers.give(leases, ranges)

    def _store(self, leases: Sequence[Lease], ranges: Sequence[Range]) -> None:
        """A writer's work, in its thread."""
        log = WriterLog(leases, self._commits, self._rejections, self._again)
        store(ranges, log, self._tables[leases[0].where.topic][1])

    def _hold_back(self) -> None:
        """Pause above the budget, go on at three quarters of it: at half, writers waited (docs/decisions/0043)."""
        if not self._paused and self._held > BUDGET:
            self._consumer.pause(self._assignment())
            self._paused = True
        elif self._paused and self._held < BUDGET * 3 // 4:
            self._consumer.resume(self._assignment())
            self._paused = False

    def _assignment(self) -> list[TopicPartition]:
        return [TopicPartition(*key) for key in self._leases]

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Begin with partitions where their commits and marks say."""
        if self._draining or not partitions:
            consumer.incremental_assign(partitions)
            if partitions:
                consumer.pause(partitions)
            return
        begin = []
        for topic_id, at, start in self._positions.of(consumer, partitions):
            where = Where(at.topic, topic_id, at.partition)
            if start.lost:
                self._metrics.positions_lost.labels(self._group, at.topic).inc()
                self._log.error("records_lost", topic=at.topic, partition=at.partition, what=start.lost)
            target = self._tables[at.topic][0]
            gather = Gather(where, start, target.is_row, self._limits)
            lease = self._leases[at.topic, at.partition] = Lease(where, gather, is_patient=target.is_patient)
            if start.lost and start.mark is None:  # those who wait for us need not wait for a record to come
                self._commits.ask([Step(lease, where, start.first, "")])
            begin.append(TopicPartition(at.topic, at.partition, start.read_from))
        consumer.incremental_assign(begin)
        # librdkafka keeps a pause over a new assignment, and what was paused when it was lost would stay so for good
        (consumer.pause if self._paused else consumer.resume)(begin)
        self._log.info("partitions_assigned", count=len(begin))

    def _begin_again(self, leases: Sequence[Lease]) -> None:
        """Others of their load went to another owner: what Kafka has of these tells how they go on."""
        partitions = [TopicPartition(lease.where.topic, lease.where.partition) for lease in leases]
        self._revoked(self._consumer, partitions)
        if partitions and not self._draining:  # else whoever comes next sees to it
            self._consumer.incremental_unassign(partitions)
            self._assigned(self._consumer, partitions)

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """Let partitions go; librdkafka takes them off the assignment when this returns."""
        for at in partitions:
            lease = self._leases.pop((at.topic, at.partition), None)
            if lease is not None:
                lease.lose()
                self._held -= lease.gather.size
        self._log.info("partitions_revoked", count=len(partitions))

    def _failed(self, error: KafkaError) -> None:
        if self._once.may(error.name(), time.monotonic()):
            self._log.warning("kafka_warned", error=error.name())
        if error.fatal():
            raise KafkaException(error)

    def _show(self) -> None:
        now = time.time()
        if now < self._gauges_at:
            return
        self._gauges_at = now + GAUGES_S
        oldest = dict.fromkeys(self._tables, now)
        for (topic, _), lease in self._leases.items():
            if lease.flying is not None:
                oldest[topic] = min(oldest[topic], lease.flying_written)
            elif lease.gather.oldest is not None:
                oldest[topic] = min(oldest[topic], lease.gather.written)
        for topic, written in oldest.items():
            self._metrics.lag_seconds.labels(self._group, topic).set(max(0.0, now - written))

    def _drain(self) -> None:
        """Store what was gathered and commit it, as far as time allows; the rest is read again at the next start."""
        self._draining = True
        self._consumer.pause(self._assignment())
        deadline, self._leave_by = time.monotonic() + DRAIN_S, time.monotonic() + END_S
        while time.monotonic() < deadline:
            self._consumer.consume(1, BUSY_S)
            self._settle()
            self._hand_out(flush=True)
            if not self._writers.busy and all(lease.gather.oldest is None for lease in self._leases.values()):
                break
        self._log.info("sink_drained", held=self._held)

    def _leave(self) -> None:
        """Leave the group, which a rebalance can hold up; a broker that is away is not waited for."""
        for lease in self._leases.values():
            lease.lose()
        closing = threading.Thread(target=self._consumer.close, name="leaving", daemon=True)
        closing.start()
        closing.join(max(1.0, self._leave_by - time.monotonic()))
