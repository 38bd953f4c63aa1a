"""The parts of a worker, put together: app, thread of work, stores, producers, and the watch over the readers."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Final, Protocol

from confluent_kafka.admin import AdminClient

from schemas.disk import Disk
from schemas.identity_settings import IdentitySettings
from schemas.interaction import CHANNELS
from schemas.kafka.admin import admin_client, partitions_of, topic_ids
from schemas.kafka.backlog import Ledger, Watch
from schemas.kafka.clients import consumer_config, process_group, resolve_group, sink_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.kafka.stuck import patience_of
from schemas.settings import Settings
from schemas.telemetry import Metrics, logger
from schemas.topics import Topics
from stream_processors.app import App, build
from stream_processors.batch import Plan
from stream_processors.catch_up import CatchUp
from stream_processors.core.evidence import Lane
from stream_processors.lag import report_lag
from stream_processors.outflow import OutflowBook, watch_over
from stream_processors.outlet import Outlet
from stream_processors.past import Past
from stream_processors.pipeline import Pipeline
from stream_processors.sight import Sight
from stream_processors.stores import Stores
from stream_processors.transport import reading

_BATCH_BYTES: Final = 4 << 20
OPEN_BYTES: Final = 16 << 20
_FINISH_S: Final = 3.0  # to finish what is open, when asked to stop; what is not finished then is replayed
REFRESH_S: Final = 10.0  # how long a list of the outputs' partitions is good


class Thread(Protocol):
    """The thread of a worker's own work."""

    def begin(self) -> None:
        """Start it."""

    def end(self, timeout: float) -> bool:
        """Finish what is open, and end; False: it could not within the time (seconds), and was abandoned."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What a part is made of; nothing runs yet. Implements `stream_processors.lifecycle.Lives`.

    Attributes:
        app: takes runs from the transport.
        thread: works on them.
        watch: over those who read the outputs, through `offsets`.
        disk: where its stores lie.
        group, topics: whose lag is reported.
    """

    app: App
    thread: Thread
    watch: Watch
    offsets: KafkaOffsets
    admin: AdminClient
    disk: Disk
    group: str
    topics: tuple[str, ...]
    metrics: Metrics

    async def begin(self) -> None:
        """Look at the readers once, then take runs."""
        await asyncio.to_thread(self.watch.start)
        self.thread.begin()

    async def work(self, ready: Callable[[], None]) -> None:
        """Run the app; returns only when it is stopped, raises what it crashed with."""
        await self.app.start()
        ready()
        logger().info("worker_started")
        await self.app.wait()
        if self.app.crash_reason is not None:
            raise self.app.crash_reason

    def report(self) -> Coroutine[None, None, None]:
        """Report the lag, until cancelled."""
        return report_lag(self.app, self.group, self.topics, self.metrics)

    async def end(self) -> None:
        """Finish what is open, commit it, leave the group."""
        self.app.reader.leaving()
        unwatched = threading.Thread(target=self._unwatch, name="unwatch", daemon=True)
        unwatched.start()  # it may hang on an absent Kafka, and then is left behind
        if not await asyncio.to_thread(self.thread.end, _FINISH_S):
            logger().warning("runs_abandoned", why="Kafka takes too long; they are processed again at the next start")
        await self.app.stop()
        await asyncio.to_thread(unwatched.join, 0.5)

    def _unwatch(self) -> None:
        if self.watch.stop():
            self.offsets.close()


def build_worker(settings: Settings, metrics: Metrics, fail: Callable[[BaseException], None]) -> Worker:
    """The processor; `fail` is told, from any thread, what it cannot survive.

    Raises:
        ConfigurationError: a setting of [kafka] cannot be used.
    """
    kafka, topics = settings.kafka, Topics(settings.kafka.prefix)
    window = int(settings.dedupe.window.total_seconds() * 1000)
    batch_bytes = min(_BATCH_BYTES, kafka.budget // 2)
    plan = Plan(
        topics=topics,
        channels={topics.interactions(channel): channel for channel in CHANNELS},
        sources=frozenset(settings.sources),
        window=window,
        batch_bytes=batch_bytes,
    )
    admin = admin_client(consumer_config(kafka, "process", process_group(kafka)))
    disk = Disk(settings.data_dir, int(settings.limits.free_disk))
    disk.tell(metrics)
    ledger = Ledger(kafka.budget, OutflowBook(kafka.budget), lambda: disk.is_low)
    pipeline = Pipeline(
        plan,
        lane=_lane(settings.identity),
        shards=lambda: partitions_of(admin, topics.evidence),
        stores=Stores(settings.data_dir / "process", window),
        outlets=(Outlet(kafka), Outlet(kafka)),
        ledger=ledger,
        metrics=metrics,
        fail=fail,
    )

    def assigned(partitions: set[tuple[str, int]]) -> None:
        behind.end()  # it has stores that are closed now
        pipeline.assigned(partitions, topic_ids(admin, kafka, {topic for topic, _ in partitions}))

    how = reading(
        kafka, process_group(kafka), run_bytes=batch_bytes, open_bytes=OPEN_BYTES, assigned=assigned, fail=fail
    )
    behind = CatchUp(
        how.positions,
        lambda: Past(how.config, knows_times=not kafka.is_embedded),
        pipeline.lend,
        disk,
        window=window,
        channels=plan.channels,
        metrics=metrics,
        fail=fail,
    )
    how = replace(how, positions=behind)
    offsets = KafkaOffsets(kafka, "process", refresh_s=REFRESH_S)
    app = build(process_group(kafka), topics.raw, how, pipeline.submit)
    readers = {sink_group(kafka): (*topics.outputs, topics.evidence), resolve_group(kafka): (topics.evidence,)}
    sight = Sight(patience_of(kafka, "process"), fail)
    watch = watch_over(readers, kafka, offsets, ledger, sight.looked)
    processing = _Processing(pipeline, behind)
    return Worker(app, processing, watch, offsets, admin, disk, process_group(kafka), topics.raw, metrics)


@dataclass(frozen=True, slots=True)
class _Processing:
    """The pipeline's thread, and the one in which its stores catch up. Implements `Thread`."""

    pipeline: Pipeline
    behind: CatchUp

    def begin(self) -> None:
        self.pipeline.begin()

    def end(self, timeout: float) -> bool:
        self.behind.end()
        return self.pipeline.end(timeout)


def _lane(identity: IdentitySettings) -> Lane:
    shared = frozenset(name for name, kind in identity.rules.kinds.items() if kind.shared)
    return Lane(shared=shared, logout_events=frozenset(identity.logout_events))
