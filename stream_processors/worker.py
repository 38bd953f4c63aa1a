"""The parts of a worker, put together: app, pipeline, stores, producers, and the watch over the sink."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from confluent_kafka.admin import AdminClient

from schemas.interaction import CHANNELS
from schemas.kafka.admin import admin_client, topic_ids
from schemas.kafka.backlog import Ledger, Watch
from schemas.kafka.clients import consumer_config, process_group, sink_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import Settings
from schemas.telemetry import Metrics, logger
from schemas.topics import Topics
from stream_processors.app import App, build
from stream_processors.outflow import OutflowBook, watch_over
from stream_processors.outlet import Outlet
from stream_processors.pipeline import Pipeline, Plan
from stream_processors.stores import Stores
from stream_processors.transport import reading

_BATCH_BYTES: Final = 4 << 20
_OPEN_BYTES: Final = 16 << 20
_FINISH_S: Final = 3.0  # to finish what is open, when asked to stop; what is not finished then is replayed
_REFRESH_S: Final = 10.0  # how long a list of the outputs' partitions is good


@dataclass(frozen=True, slots=True)
class Worker:
    """What `build_worker` has put together; nothing runs yet."""

    app: App
    pipeline: Pipeline
    watch: Watch
    offsets: KafkaOffsets
    admin: AdminClient

    async def begin(self) -> None:
        """Look at the sink once, then take runs."""
        await asyncio.to_thread(self.watch.start)
        self.pipeline.begin()

    async def work(self, ready: Callable[[], None]) -> None:
        """Run the app; returns only when it is stopped, raises what it crashed with."""
        await self.app.start()
        ready()
        logger().info("process_started")
        await self.app.wait()
        if self.app.crash_reason is not None:
            raise self.app.crash_reason

    async def end(self) -> None:
        """Finish what is open, commit it, leave the group."""
        self.app.reader.leaving()
        unwatched = threading.Thread(target=self._unwatch, name="unwatch", daemon=True)
        unwatched.start()  # it may hang on an absent Kafka, and then is left behind
        if not await asyncio.to_thread(self.pipeline.end, _FINISH_S):
            logger().warning("runs_abandoned", why="Kafka takes too long; they are processed again at the next start")
        await self.app.stop()
        await asyncio.to_thread(unwatched.join, 0.5)

    def _unwatch(self) -> None:
        self.watch.stop()
        self.offsets.close()


def build_worker(settings: Settings, metrics: Metrics, fail: Callable[[BaseException], None]) -> Worker:
    """The worker; `fail` is told, from any thread, what it cannot survive.

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
    ledger = Ledger(kafka.budget, OutflowBook(kafka.budget))
    pipeline = Pipeline(
        plan,
        stores=Stores(settings.data_dir / "process", window),
        outlets=(Outlet(kafka), Outlet(kafka)),
        ledger=ledger,
        metrics=metrics,
        fail=fail,
    )

    def assigned(partitions: set[tuple[str, int]]) -> None:
        pipeline.assigned(partitions, topic_ids(admin, kafka, {topic for topic, _ in partitions}))

    how = reading(
        kafka, process_group(kafka), run_bytes=batch_bytes, open_bytes=_OPEN_BYTES, assigned=assigned, fail=fail
    )
    offsets = KafkaOffsets(kafka, "process", refresh_s=_REFRESH_S)
    app = build(process_group(kafka), topics.raw, how, pipeline.submit)
    watch = watch_over({sink_group(kafka): topics.outputs}, kafka, offsets, ledger)
    return Worker(app, pipeline, watch, offsets, admin)
