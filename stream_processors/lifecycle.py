"""A part's life: the wait for Kafka, the worker, and an end at a signal or at what nothing can survive.

The event loop and the signals are owned here. The Faust app runs in the loop, the part's own work in a thread, all of
librdkafka's consumer in another (`transport/poller.py`). What any of them cannot survive ends all, before a commit.
"""

import asyncio
import gc
import resource
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Final, Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.disk import Disk
from schemas.kafka.admin import TIMEOUT_S, TopicMissingError, topic_ids
from schemas.kafka.stuck import StuckError
from schemas.settings import KafkaSettings
from schemas.telemetry import frames_of, logger
from stream_processors.database import StoreError
from stream_processors.outlet import DeliveryError
from stream_processors.resolver.rebuild import ArchiveError
from stream_processors.transport.errors import PositionLostError

_PROBE_S: Final = 3.0
_TELLING: Final = (  # they quote no data
    KafkaException,
    TopicMissingError,
    StoreError,
    DeliveryError,
    PositionLostError,
    ArchiveError,
    StuckError,
)
_PATIENCE_S: Final = (0.5, 1.0, 2.0, 5.0)
_ROOM_S: Final = 0.5
Fail = Callable[[BaseException], None]


class Lives(Protocol):
    """What is run: a worker that is put together, and not begun."""

    @property
    def admin(self) -> AdminClient:
        """To ask Kafka whether it is there."""

    @property
    def disk(self) -> Disk:
        """Where its stores lie."""

    async def begin(self) -> None:
        """Make ready to take runs."""

    async def work(self, ready: Callable[[], None]) -> None:
        """Take runs until stopped; raises what it crashed with."""

    def report(self) -> Coroutine[None, None, None]:
        """Keep its metrics current, until cancelled."""

    async def end(self) -> None:
        """Finish what is open."""


def main(work: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Work in an event loop of its own until SIGTERM or SIGINT sets the event; the exit status."""
    _allow_many_files()
    collect_seldom()
    return asyncio.run(_main(work))


async def _main(work: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return await work(stop)


async def live(
    build: Callable[[Fail], Lives],
    kafka: KafkaSettings,
    topics: tuple[str, ...],
    ready: Callable[[], None],
    stop: asyncio.Event,
) -> int:
    """Build the worker, wait for these topics, and work until `stop` is set or something fails; the exit status."""
    loop = asyncio.get_running_loop()
    failures: list[BaseException] = []

    def fail(reason: BaseException) -> None:
        failures.append(reason)
        loop.call_soon_threadsafe(stop.set)

    worker = build(fail)
    if await _wait_for_kafka(kafka, topics, worker.admin, stop) and await _wait_for_room(worker.disk, stop):
        await _work(worker, ready, stop, fail)
    if failures:
        reason = failures[0]
        told = str(reason) if isinstance(reason, _TELLING) else None
        logger().error("worker_failed", error=type(reason).__name__, text=told, frames=frames_of(reason))
        return 1
    logger().info("worker_stopped")
    return 0


async def _work(worker: Lives, ready: Callable[[], None], stop: asyncio.Event, fail: Fail) -> None:
    """Work until `stop` is set or something fails; then finish what is open."""
    await worker.begin()
    reporting = asyncio.create_task(worker.report())
    work = asyncio.create_task(worker.work(ready))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
    if work.done() and (crash := work.exception()) is not None:
        fail(crash)
    for task in (reporting, stopped):
        task.cancel()
    await worker.end()
    await asyncio.wait([work], timeout=1)


async def _wait_for_kafka(
    kafka: KafkaSettings, topics: tuple[str, ...], admin: AdminClient, stop: asyncio.Event
) -> bool:
    """Wait until Kafka answers and has the topics; False: asked to stop before that."""
    tries = 0
    while not stop.is_set():
        try:
            await asyncio.to_thread(_find_topics, kafka, topics, admin)
        except (KafkaException, TopicMissingError) as error:
            logger().warning("kafka_awaited", text=str(error))
        else:
            return True
        try:
            await asyncio.wait_for(stop.wait(), _PATIENCE_S[min(tries, len(_PATIENCE_S) - 1)])
        except TimeoutError:
            tries += 1
    return False


async def _wait_for_room(disk: Disk, stop: asyncio.Event) -> bool:
    """Wait until a store can be opened, which writes; False: asked to stop before that."""
    while disk.is_low and not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _ROOM_S)
    return not stop.is_set()


def _find_topics(kafka: KafkaSettings, topics: tuple[str, ...], admin: AdminClient) -> None:
    admin.list_topics(timeout=_PROBE_S)  # an absent Kafka is told sooner than by the request below
    if kafka.is_embedded:
        for name in topics:  # the embedded broker makes a topic when somebody asks for it by name
            admin.list_topics(name, timeout=TIMEOUT_S)
    topic_ids(admin, kafka, topics)


def collect_seldom() -> None:
    """Records come and go by thousands, and make no cycles: looking for cycles cost a sixth of the step's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def _allow_many_files() -> None:
    """RocksDB keeps its files open: raise the soft limit to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
