"""`throughline serve`: the shell around `producers.accept`. It owns the sockets and the signals.

HTTP listens from the first moment, so that probes and senders get an answer; while Kafka is away, that answer is 503.
"""

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final

import uvloop

from producers.connect import Connected, connected
from producers.intake.connections import bound, http_server
from producers.intake.http import HttpIntake
from producers.intake.smtp import MailServer
from producers.receipts import Read, Receipts
from producers.sources import Source, build
from schemas.settings import ConfigurationError, HttpSettings, Settings, SmtpSettings
from schemas.telemetry import Metrics, logger

GRACE_S: Final = 8  # from the signal, for requests that have begun
_LEAST_S: Final = 2  # of it after the notice
_ASKED_S: Final = 60.0  # whoever balances between intakes asks for readiness at least so often
_FILES: Final = 65_536  # open files to ask for: each connection is one


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None], read: Read | None = None) -> int:
    """Run the intake until SIGTERM or SIGINT, then drain; the exit status.

    `read`: what tells of what is stored, for receipts; without it nobody does.

    Raises:
        ConfigurationError: a source that cannot be built, an address that cannot be had, or Kafka does not let us in.
    """
    sources = build(settings)
    collect_less_often()
    return uvloop.run(_Serve(settings, sources, metrics, read).run(ready))


class _Serve:
    _loop: asyncio.AbstractEventLoop

    def __init__(self, settings: Settings, sources: Mapping[str, Source], metrics: Metrics, read: Read | None) -> None:
        self._settings = settings
        self._sources = sources
        self._metrics = metrics
        self._read = read
        self._log = logger()
        self._end = asyncio.Event()
        self._notice_s = settings.http.notice.total_seconds()
        self._grace_s = max(_LEAST_S, GRACE_S - int(self._notice_s))
        self._asked_at = float("-inf")
        self._status = 0
        self._refused: BaseException | None = None
        self._connected: Connected | None = None
        self._mail: MailServer | None = None

    async def run(self, ready: Callable[[], None]) -> int:
        self._loop = asyncio.get_running_loop()
        for source in self._sources:
            self._metrics.deliveries.labels(source, "accepted")  # 0 from the first scrape on: silence can be told
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._end.set)
        _allow_connections()
        boxes = [source for source in self._sources.values() if source.intake == "smtp"]
        http_socket = _bound("http", self._settings.http)
        smtp_socket = _bound("smtp", self._settings.smtp) if boxes else None
        async with AsyncExitStack() as stack:
            kafka = await stack.enter_async_context(connected(self._settings, self._metrics, self._fail_soon, "serve"))
            self._connected = kafka
            receipts = Receipts(kafka.acceptor.recent, self._read)
            stack.callback(receipts.close)
            intake = HttpIntake(
                self._sources,
                kafka.acceptor,
                self._settings.http,
                self._metrics,
                self._missing,
                ending=self._end.is_set,
                receipts=receipts,
            )
            server = http_server(intake, self._grace_s)
            serving = asyncio.create_task(server.serve(sockets=[http_socket]))
            if smtp_socket is not None:
                self._mail = MailServer(boxes, kafka.acceptor)
                await self._mail.start(smtp_socket)
            await self._until_end(serving, kafka, ready)
            self._log.info("draining_began")
            if self._loop.time() - self._asked_at < _ASKED_S:
                await asyncio.wait({serving}, timeout=self._notice_s)
            server.should_exit = True
            mail = self._mail.close(self._grace_s) if self._mail is not None else asyncio.sleep(0)
            await asyncio.gather(serving, mail)
        self._log.info("draining_ended")
        if self._refused is not None:
            raise self._refused
        return self._status

    async def _until_end(self, serving: "asyncio.Task[None]", kafka: Connected, ready: Callable[[], None]) -> None:
        ending = asyncio.create_task(self._end.wait())
        answered = asyncio.create_task(kafka.answered())
        await asyncio.wait({serving, ending, answered}, return_when=asyncio.FIRST_COMPLETED)
        if answered.done() and (refused := answered.exception()) is not None:
            self._refused = refused
            self._end.set()
        elif answered.done() and not ending.done():
            self._log.info("intake_started", http=self._settings.http.listen, sources=len(self._sources))
            ready()
        answered.cancel()
        await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            self._fail("the HTTP server ended by itself")
        ending.cancel()

    def _fail_soon(self, what: str) -> None:
        """From another thread."""
        self._loop.call_soon_threadsafe(self._fail, what)

    def _fail(self, what: str) -> None:
        self._log.error("intake_failed", what=what)
        self._status = 1
        self._end.set()

    def _missing(self) -> list[str]:
        """The parts without which nothing can be accepted now, for /readyz."""
        if self._end.is_set():
            return ["this process is ending"]
        self._asked_at = self._loop.time()
        if self._connected is None:
            return ["Kafka is not connected yet"]
        trouble = self._connected.publisher.trouble or self._connected.publisher.barred
        return [] if trouble is None else [trouble]


def _bound(section: str, settings: HttpSettings | SmtpSettings) -> socket.socket:
    try:
        return bound(settings.listen, shared=settings.shared)
    except OSError as error:
        msg = f"{section}.listen = {settings.listen}: {error.strerror}; name another address"
        raise ConfigurationError(msg) from None


def collect_less_often() -> None:
    """Deliveries make many objects and no cycles: 26,000 interactions a CPU second by default, 31,000 so."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _allow_connections() -> None:
    """Raise the limit on open files as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
