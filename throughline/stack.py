"""All parts on this machine: what `up` and `demo` run, started in order and drained in order."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Final, TypeVar

from schemas.kafka.admin import TIMEOUT_S, create
from schemas.kafka.clients import process_group, resolve_group, sink_group
from schemas.settings import EMBEDDED, ConfigurationError, Settings
from schemas.telemetry import logger
from schemas.topics import Topics
from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate
from throughline.embedded.broker import announced, embedded_broker
from throughline.failures import Failed
from throughline.gateway import access
from throughline.kafka import asking, wait_until_consumed
from throughline.supervisor import PartSpec, Supervisor, first_of

T = TypeVar("T")

METRICS_PORTS: Final = {"serve": 0, "process": 1, "resolve": 2, "sink": 3, "gateway": 4}  # beyond metrics.listen
DRAIN_S: Final = 60.0  # the embedded broker's memory ends with us: what it holds is stored first


class Stack:
    """The running parts.

    Attributes:
        settings: as configured, with the address of the broker that runs.
    """

    def __init__(self, settings: Settings, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.settings = settings
        self._arguments = arguments
        self._environment = environment
        self._supervisor = Supervisor()
        self._log = logger()

    async def start(self) -> None:
        """Start everything; returns when all parts are ready.

        Raises:
            Failed: a part could not start.
        """
        await asyncio.to_thread(self._create_topics)
        front = asyncio.ensure_future(self._supervisor.start(self._spec("process"), self._spec("serve")))
        try:
            if self.settings.clickhouse.url == EMBEDDED:
                await self._supervisor.start(self._spec("gateway"))
            await asyncio.to_thread(self._migrate)
            await self._supervisor.start(self._spec("resolve"), self._spec("sink"))
            await front
        finally:
            front.cancel()
            await asyncio.gather(front, return_exceptions=True)  # what failed has been raised already

    async def until(self, awaited: "asyncio.Future[T]") -> None:
        """Wait, while the parts are kept running.

        Raises:
            Failed: a part failed for good.
        """
        await self._supervisor.until(awaited)

    async def stop(self) -> None:
        """End everything in the order of the flow, so that each part stores what the one before it sent."""
        kafka, topics = self.settings.kafka, Topics(self.settings.kafka.prefix)
        await self._supervisor.stop("serve")
        if kafka.is_embedded:
            await self._drained(process_group(kafka), topics.raw)
        await self._supervisor.stop("process")
        if kafka.is_embedded:
            await self._drained(resolve_group(kafka), (topics.evidence,))
        await self._supervisor.stop("resolve")
        if kafka.is_embedded:
            await self._drained(sink_group(kafka), topics.stored)
        await self._supervisor.stop("sink")
        await self._supervisor.stop("gateway")

    async def _drained(self, group: str, topics: tuple[str, ...]) -> None:
        try:
            behind = await asyncio.to_thread(wait_until_consumed, self.settings.kafka, group, topics, DRAIN_S)
        except Failed as error:
            self._log.error("drain_failed", group=group, error=str(error))
            return
        if behind:
            self._log.error("drain_timed_out", group=group, records=behind)

    def _spec(self, part: str) -> PartSpec:
        settings = self.settings
        host, _, port = settings.metrics.listen.rpartition(":")
        environment = {
            **self._environment,
            "THROUGHLINE_METRICS__LISTEN": f"{host}:{int(port) + METRICS_PORTS[part] if int(port) else 0}",
            "THROUGHLINE_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
        }
        if settings.kafka.embedded_run is not None:
            environment["THROUGHLINE_KAFKA__EMBEDDED_RUN"] = str(settings.kafka.embedded_run)
        if part != "gateway":
            environment["THROUGHLINE_CLICKHOUSE__URL"] = access.url(settings)
        return PartSpec(part, [sys.executable, "-m", "throughline", part, *self._arguments], environment)

    def _create_topics(self) -> None:
        kafka = self.settings.kafka
        specs = Topics(kafka.prefix).specs(kafka.partitions, kafka.replication)
        with asking(kafka, "up") as admin:
            if kafka.is_embedded:
                for spec in specs:  # it makes a topic when it is first asked for it
                    admin.list_topics(spec.name, timeout=TIMEOUT_S)
            else:
                create(admin, specs)

    def _migrate(self) -> None:
        with connect(access.url(self.settings)) as client:
            for applied in migrate(client):
                self._log.info("migration_applied", migration=applied)


@asynccontextmanager
async def running(
    settings: Settings, arguments: Sequence[str], environment: Mapping[str, str], asked: "asyncio.Future[bool]"
) -> AsyncIterator[Stack]:
    """All parts, from ready to drained; `asked` ends the start as well.

    `arguments` and `environment` lead a part's command to the same configuration.

    Raises:
        ConfigurationError: the settings do not serve more than one part.
        Failed: a part could not start.
    """
    if settings.clickhouse.url == EMBEDDED and settings.gateway.listen.endswith(":0"):
        msg = f"gateway.listen = {settings.gateway.listen}: name a port; the other parts must know it"
        raise ConfigurationError(msg)
    with ExitStack() as resources:
        if settings.kafka.bootstrap == EMBEDDED:
            kafka = resources.enter_context(embedded_broker(settings.kafka))
            settings = settings.model_copy(update={"kafka": kafka})
            resources.enter_context(announced(settings))
        stack = Stack(settings, arguments, environment)
        try:
            start = asyncio.create_task(stack.start())
            await first_of(start, asked)
            if not start.done():
                start.cancel()
                await asyncio.wait({start})
            else:
                start.result()
            yield stack
        finally:
            await stack.stop()


def stop_signal() -> "asyncio.Future[bool]":
    """A future that SIGINT or SIGTERM completes."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[bool] = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: None if asked.done() else asked.set_result(True))
    return asked
