"""`throughline process`: the worker, from the wait for Kafka to the last commit.

`main` owns the event loop and the signals. The Faust app runs in the loop, the step in a thread (`pipeline.py`), all
of librdkafka's consumer in another (`transport/poller.py`). What any of them cannot survive ends all, before a commit.
"""

import asyncio
import resource
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.interaction import CHANNELS
from schemas.kafka.admin import TIMEOUT_S, TopicMissingError, admin_client, topic_ids
from schemas.kafka.backlog import Ledger, Watch
from schemas.kafka.clients import consumer_config, process_group, sink_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import Settings
from schemas.telemetry import Metrics, logger
from schemas.topics import Topics
from stream_processors.app import App, build
from stream_processors.lag import report_lag
from stream_processors.outflow import OutflowBook
from stream_processors.outlet import Outlet
from stream_processors.pipeline import Pipeline, Plan
from stream_processors.stores import Stores
from stream_processors.transport import reading

_BATCH_BYTES: Final = 4 << 20
_OPEN_BYTES: Final = 16 << 20
_FINISH_S: Final = 3.0  # to finish what is open, when asked to stop; what is not finished then is replayed
_PROBE_S: Final = 3.0
_REFRESH_S: Final = 10.0  # how long a list of the outputs' partitions is good
_PATIENCE_S: Final = (0.5, 1.0, 2.0, 5.0)


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:
    """Process until SIGTERM or SIGINT; the exit status.

    Raises:
        ConfigurationError: a setting cannot be used; before `ready` is called.
    """
    _allow_many_files()
    return asyncio.run(_main(settings, metrics, ready))


async def _main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return await run(settings, metrics, ready, stop)


async def run(settings: Settings, metrics: Metrics, ready: Callable[[], None], stop: asyncio.Event) -> int:
    """Process until `stop` is set; see `main`."""
    failure = _Failure(asyncio.get_running_loop(), stop)
    worker = _build(settings, metrics, failure)
    if not await _wait_for_kafka(settings, worker.admin, stop):
        return 0
    await asyncio.to_thread(worker.watch.start)
    worker.pipeline.begin()
    lag = asyncio.create_task(report_lag(worker.app, process_group(settings.kafka), metrics))
    try:
        started = asyncio.create_task(worker.app.start())
        await failure.first(started, stop)
        if started.done() and failure.reason is None:
            await started
            ready()
            logger().info("process_started")
        await stop.wait()
    finally:
        lag.cancel()
        await _stop(worker)
    if failure.reason is not None:
        logger().error("process_failed", error=f"{type(failure.reason).__name__}: {failure.reason}")
        return 1
    logger().info("process_stopped")
    return 0


class _Failure:
    """The first thing that could not be survived, told from any thread; it sets `stop`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        self.reason: BaseException | None = None
        self._loop = loop
        self._stop = stop

    def tell(self, reason: BaseException) -> None:
        self.reason = self.reason or reason
        self._loop.call_soon_threadsafe(self._stop.set)

    async def first(self, work: asyncio.Task[None], stop: asyncio.Event) -> None:
        """Wait for the work or for `stop`."""
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()


@dataclass(frozen=True, slots=True)
class _Worker:
    app: App
    pipeline: Pipeline
    watch: Watch
    offsets: KafkaOffsets
    admin: AdminClient

    def unwatch(self) -> None:
        """Stop to look at the sink's progress."""
        self.watch.stop()
        self.offsets.close()


def _build(settings: Settings, metrics: Metrics, failure: _Failure) -> _Worker:
    kafka, topics = settings.kafka, Topics(settings.kafka.prefix)
    admin = admin_client(consumer_config(kafka, "process", process_group(kafka)))
    ledger = Ledger(kafka.budget, OutflowBook(kafka.budget))
    window = int(settings.dedupe.window.total_seconds() * 1000)
    batch_bytes = min(_BATCH_BYTES, kafka.budget // 2)
    plan = Plan(
        topics=topics,
        channels={topics.interactions(channel): channel for channel in CHANNELS},
        sources=frozenset(settings.sources),
        window=window,
        batch_bytes=batch_bytes,
    )
    stores = Stores(settings.data_dir / "process", window)
    outlets = (Outlet(kafka), Outlet(kafka))
    pipeline = Pipeline(plan, stores=stores, outlets=outlets, ledger=ledger, metrics=metrics, fail=failure.tell)

    def assigned(partitions: set[tuple[str, int]]) -> None:
        pipeline.assigned(partitions, topic_ids(admin, kafka, {topic for topic, _ in partitions}))

    how = reading(
        kafka,
        process_group(kafka),
        run_bytes=batch_bytes,
        open_bytes=_OPEN_BYTES,
        assigned=assigned,
        fail=failure.tell,
    )
    offsets = KafkaOffsets(kafka, "process", refresh_s=_REFRESH_S)
    watch = Watch(
        offsets,
        {sink_group(kafka): topics.outputs},
        ledger=ledger,
        interval=0.1 if kafka.is_embedded else 1.0,
    )
    return _Worker(build(process_group(kafka), topics.raw, how, pipeline.submit), pipeline, watch, offsets, admin)


async def _wait_for_kafka(settings: Settings, admin: AdminClient, stop: asyncio.Event) -> bool:
    """Wait until Kafka answers and has the topics; False: asked to stop before that."""
    tries = 0
    while not stop.is_set():
        try:
            await asyncio.to_thread(_find_topics, settings, admin)
        except (KafkaException, TopicMissingError) as error:
            logger().warning("kafka_awaited", text=str(error))
        else:
            return True
        try:
            await asyncio.wait_for(stop.wait(), _PATIENCE_S[min(tries, len(_PATIENCE_S) - 1)])
        except TimeoutError:
            tries += 1
    return False


def _find_topics(settings: Settings, admin: AdminClient) -> None:
    topics = Topics(settings.kafka.prefix)
    names = (*topics.raw, *topics.outputs)
    admin.list_topics(timeout=_PROBE_S)  # an absent Kafka is told sooner than by the request below
    if settings.kafka.is_embedded:
        for name in names:  # the embedded broker makes a topic when somebody asks for it by name
            admin.list_topics(name, timeout=TIMEOUT_S)
    topic_ids(admin, settings.kafka, names)


async def _stop(worker: _Worker) -> None:
    """Finish what is open, commit it, leave the group."""
    worker.app.reader.leaving()
    unwatched = threading.Thread(target=worker.unwatch, name="unwatch", daemon=True)
    unwatched.start()  # it may hang on an absent Kafka, and then is left behind
    if not await asyncio.to_thread(worker.pipeline.end, _FINISH_S):
        logger().warning("runs_abandoned", why="Kafka takes too long; they are processed again at the next start")
    await worker.app.stop()
    await asyncio.to_thread(unwatched.join, 0.5)


def _allow_many_files() -> None:
    """RocksDB keeps its files open: raise the soft limit to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
