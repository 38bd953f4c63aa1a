"""`throughline process`: the worker, from the wait for Kafka to the last commit.

`main` owns the event loop and the signals. The Faust app runs in the loop, the step in a thread (`pipeline.py`), all
of librdkafka's consumer in another (`transport/poller.py`). What any of them cannot survive ends all, before a commit.
"""

import asyncio
import gc
import resource
import signal
from collections.abc import Callable, Coroutine
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import TIMEOUT_S, TopicMissingError, topic_ids
from schemas.kafka.clients import process_group
from schemas.settings import Settings
from schemas.telemetry import Metrics, frames_of, logger
from schemas.topics import Topics
from stream_processors.database import StoreError
from stream_processors.lag import report_lag
from stream_processors.outlet import DeliveryError
from stream_processors.transport.errors import PositionLostError
from stream_processors.worker import Worker, build_worker

_PROBE_S: Final = 3.0
_TELLING: Final = (KafkaException, TopicMissingError, StoreError, DeliveryError, PositionLostError)  # quote no data
_PATIENCE_S: Final = (0.5, 1.0, 2.0, 5.0)


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:
    """Process until SIGTERM or SIGINT; the exit status.

    Raises:
        ConfigurationError: a setting cannot be used; before `ready` is called.
    """
    _allow_many_files()
    _collect_seldom()
    return asyncio.run(_main(settings, metrics, ready))


async def _main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return await run(settings, metrics, ready, stop)


async def run(settings: Settings, metrics: Metrics, ready: Callable[[], None], stop: asyncio.Event) -> int:
    """Process until `stop` is set; see `main`."""
    loop = asyncio.get_running_loop()
    failures: list[BaseException] = []

    def fail(reason: BaseException) -> None:
        failures.append(reason)
        loop.call_soon_threadsafe(stop.set)

    worker = build_worker(settings, metrics, fail)
    if await _wait_for_kafka(settings, worker.admin, stop):
        await _work(worker, ready, stop, fail, report_lag(worker.app, process_group(settings.kafka), metrics))
    if failures:
        reason = failures[0]
        told = str(reason) if isinstance(reason, _TELLING) else None
        logger().error("process_failed", error=type(reason).__name__, text=told, frames=frames_of(reason))
        return 1
    logger().info("process_stopped")
    return 0


async def _work(
    worker: Worker,
    ready: Callable[[], None],
    stop: asyncio.Event,
    fail: Callable[[BaseException], None],
    reporting: Coroutine[None, None, None],
) -> None:
    """Work until `stop` is set or something fails; then finish what is open."""
    await worker.begin()
    lag = asyncio.create_task(reporting)
    work = asyncio.create_task(worker.work(ready))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
    if work.done() and (crash := work.exception()) is not None:
        fail(crash)
    for task in (lag, stopped):
        task.cancel()
    await worker.end()
    await asyncio.wait([work], timeout=1)


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


def _collect_seldom() -> None:
    """Records come and go by thousands, and make no cycles: looking for cycles cost a sixth of the step's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def _allow_many_files() -> None:
    """RocksDB keeps its files open: raise the soft limit to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
