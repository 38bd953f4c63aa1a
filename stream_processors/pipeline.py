"""The thread of the step: while Kafka takes in one batch, the next one is judged.

A batch is what has arrived since the last one, its runs of one partition joined. In this order: judge -> room -> send
-> Kafka has all of it -> write keys and position -> allow the commit. What breaks the order ends the process.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from time import monotonic, perf_counter, time
from typing import Final
from uuid import UUID

from schemas.evidence import shard_of
from schemas.fates import FATES
from schemas.kafka.backlog import Ledger
from schemas.telemetry import Metrics, logger
from stream_processors.answers import answer_of
from stream_processors.batch import Batch, Part, Plan, TopicPartition
from stream_processors.columns import columns_of
from stream_processors.core.evidence import Lane
from stream_processors.core.step import Step, step
from stream_processors.outflow import SOMEWHERE
from stream_processors.outlet import Outlet, Placed
from stream_processors.store import Store
from stream_processors.stores import Stores
from stream_processors.transport import Run

_BATCH_RECORDS: Final = 4000
_ROOM_S: Final = 0.02
_TELL_S: Final = 30.0  # between two lines about room that is waited for


class _Wake:
    """Look around: the partitions have changed."""


@dataclass(frozen=True, slots=True)
class _Loan:
    """Who asks for the stores of these partitions?"""

    partitions: set[TopicPartition]
    answer: Future[dict[TopicPartition, Store]] = field(default_factory=Future)


class Pipeline:
    """Takes runs with `submit`, and finishes each once nothing of it can be lost."""

    def __init__(
        self,
        plan: Plan,
        *,
        lane: Lane,
        shards: Callable[[], int],
        stores: Stores,
        outlets: tuple[Outlet, Outlet],
        ledger: Ledger,
        metrics: Metrics,
        fail: Callable[[BaseException], None],
    ) -> None:
        """`shards`: of Kafka, how many partitions evidence has; asked once."""
        self._plan = plan
        self._lane = lane
        self._ask_shards = shards
        self._shards = 0
        self._stores = stores
        self._outlets = outlets
        self._ledger = ledger
        self._metrics = metrics
        self._fail = fail
        self._log = logger()
        self._topic_ids: Mapping[str, UUID] = {}
        self._keep: set[TopicPartition] | None = None
        self._inbox: queue.SimpleQueue[Run | _Wake | _Loan | None] = queue.SimpleQueue()  # None: the end
        self._loan: _Loan | None = None
        self._next: Run | None = None  # taken, and too large for the batch before
        self._ending = threading.Event()
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._run, name="step", daemon=True)

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, run: Run) -> None:
        """Take a run; does not wait."""
        self._inbox.put(run)

    def assigned(self, partitions: set[TopicPartition], topic_ids: Mapping[str, UUID]) -> None:
        """The partitions from now on, and the topics' ids of today."""
        self._topic_ids = topic_ids
        self._keep = partitions
        self._inbox.put(_Wake())

    def lend(self, partitions: set[TopicPartition]) -> dict[TopicPartition, Store]:
        """The stores of partitions that were just assigned: not touched before their next run is submitted.

        Raises:
            StoreError: one cannot be used; the process ends.
            EndedError: the thread has ended.
        """
        loan = _Loan(partitions)
        self._inbox.put(loan)
        return answer_of(self._thread, loan.answer)

    def end(self, timeout: float) -> bool:
        """Finish what was submitted, and end; False: it could not within the time (seconds), and was abandoned."""
        self._ending.set()
        self._inbox.put(None)
        self._thread.join(timeout)
        if ended := not self._thread.is_alive():
            return ended
        self._abandoned.set()
        self._thread.join(timeout)
        return False

    @property
    def is_abandoned(self) -> bool:
        """Whether to give up what is open."""
        return self._abandoned.is_set()

    def _run(self) -> None:
        try:
            self._shards = self._ask_shards()
            self._loop()
        except BaseException as error:  # noqa: BLE001  whatever it is, the process must hear of it
            self._fail(error)
        finally:
            for outlet in self._outlets:
                outlet.close()
            self._stores.close()

    def _loop(self) -> None:
        outlet, other = self._outlets
        flying: Batch | None = None
        while True:
            if flying is None:
                self._tidy()
            runs = self._take(wait=flying is None)
            if runs is None and flying is None:
                return
            batch = self._judge(runs, outlet, flying) if runs else None
            if batch is not None and not self._ledger.reserve(batch.size):
                self._land(flying)
                flying = None
                if not self._wait_for_room(batch):
                    if self._ending.is_set() or self.is_abandoned:
                        return
                    batch = None
            if batch is not None:
                self._send(batch)
                outlet, other = other, outlet
            self._land(flying)
            flying = batch
            if self.is_abandoned:
                return

    def _tidy(self) -> None:
        """Give up the stores of partitions that have moved away: another worker may wait for them."""
        if self._keep is not None:
            keep, self._keep = self._keep, None
            self._stores.keep(keep)
        if self._loan is not None:
            asked, self._loan = self._loan, None
            try:
                stores = {at: self._store(at) for at in asked.partitions}
            except BaseException as error:
                asked.answer.set_exception(error)
                raise
            asked.answer.set_result(stores)

    def _store(self, at: TopicPartition) -> Store:
        return self._stores.of(*at, self._topic_ids[at[0]])

    def _take(self, *, wait: bool) -> list[Run] | None:
        """The runs of the next batch, of the present assignment only, perhaps none; None: it is time to end."""
        runs: list[Run] = []
        records = size = 0
        while True:
            try:
                run = self._next or self._inbox.get(block=wait and not runs)
            except queue.Empty:
                return runs
            self._next = None
            if run is None:
                self._inbox.put(None)  # found again when the runs before it are done
                return runs or None
            if isinstance(run, _Loan):
                self._loan = run
            if isinstance(run, _Wake | _Loan):
                return runs
            if not run.is_current:
                continue
            records, size = records + len(run.records), size + run.size
            if runs and (records > _BATCH_RECORDS or size > self._plan.batch_bytes):
                self._next = run
                return runs
            runs.append(run)

    def _judge(self, runs: list[Run], outlet: Outlet, flying: Batch | None) -> Batch:
        by_partition: dict[TopicPartition, list[Run]] = {}
        for run in runs:
            by_partition.setdefault(run.partition, []).append(run)
        parts = {}
        for at, mine in by_partition.items():
            began = perf_counter()
            before = flying.parts.get(at) if flying is not None else None
            parts[at] = self._step(at, mine, before)
            self._metrics.step.observe(perf_counter() - began)
        by_role = zip(*(part.done.sizes for part in parts.values()), strict=True)
        sizes = dict(zip(self._plan.topics.outputs, map(sum, by_role), strict=True))
        sizes[self._plan.topics.evidence] = sum(
            len(key) + len(value) for part in parts.values() for _, key, value in part.evidence
        )
        return Batch(parts, outlet, {topic: size for topic, size in sizes.items() if size})

    def _step(self, at: TopicPartition, runs: list[Run], before: Part | None) -> Part:
        store = self._store(at)
        records = list(chain.from_iterable(run.records for run in runs))
        raw = columns_of(self._plan.channels[at[0]], at, store, records)
        unwritten = {} if before is None else before.done.writes
        done = step(raw, store, unwritten, self._plan.window)
        return Part(runs, store, done, self._evidence(done), max(raw.arrivals))

    def _evidence(self, done: Step) -> list[Placed]:
        """All evidence of a tenant goes to one partition."""
        return [
            (shard_of(fact.tenant, self._shards), str(fact.fact_id).encode(), fact.encode())
            for fact in self._lane.facts(done.stored)
        ]

    def _wait_for_room(self, batch: Batch) -> bool:
        """Wait until the sink has made room; False: whoever has the partitions next judges the batch again."""
        tell_at = monotonic() + _TELL_S
        while not self._ledger.reserve(batch.size):
            if self._ending.wait(_ROOM_S) or self.is_abandoned or not batch.is_current:
                return False
            if monotonic() > tell_at:
                tell_at += _TELL_S
                self._log.warning("room_awaited", waiting_bytes=self._ledger.largest, budget_bytes=self._ledger.budget)
        return True

    def _send(self, batch: Batch) -> None:
        for part in batch.parts.values():
            for topic, outputs in zip(self._plan.topics.outputs, part.done.roles, strict=True):
                batch.outlet.send(topic, outputs)
            batch.outlet.send_to(self._plan.topics.evidence, part.evidence)

    def _land(self, batch: Batch | None) -> None:
        """Kafka has all of it -> write keys and position -> allow the commit."""
        if batch is None or not batch.outlet.flush(lambda: self.is_abandoned):
            return
        reports = [(topic, SOMEWHERE, SOMEWHERE, size) for topic, size in batch.sizes.items()]
        self._ledger.landed(reports, batch.size)
        for part in batch.parts.values():
            part.store.write(part.done.writes, part.runs[-1].end, min(part.latest, int(time() * 1000)))
            for run in part.runs:
                run.finish()
        self._count(batch)

    def _count(self, batch: Batch) -> None:
        for (topic, _), part in batch.parts.items():
            channel = self._plan.channels[topic]
            for fate, outputs in zip(FATES, part.done.roles, strict=True):
                if outputs:
                    self._metrics.processed.labels(channel, fate).inc(len(outputs))
            for source, reason in part.done.reasons:
                known = source if source in self._plan.sources else "unknown"
                self._metrics.rejected.labels(channel, known, reason.value).inc()
            self._log.debug(
                "run_processed", channel=channel, records=sum(map(len, part.done.roles)), runs=len(part.runs)
            )
