"""`gateway`: owns the embedded store and serves it over ClickHouse's HTTP interface until it is told to stop."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvicorn
import uvloop

from schemas.settings import ConfigurationError, Settings
from schemas.telemetry import Metrics, logger
from throughline.gateway.app import Gateway
from throughline.gateway.engine import Engine
from throughline.gateway.house import House, Ownership, TakenError, house, passwords
from throughline.gateway.reload import keep_reloading, reload_due
from throughline.gateway.run import Runner

PATIENCE_S: Final = 5.0  # for the store: its last owner may be ending
DRAIN_S: Final = 8
KEEP_ALIVE_S: Final = 75  # clients keep connections for a minute: they must not find them closed
BACKLOG: Final = 128


class _Server(uvicorn.Server):
    """uvicorn, without its signal handlers: it would raise the signal again, and the process would not end with 0."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The part has handlers of its own."""
        yield


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:  # noqa: ARG001  the parts' signature
    """Serve until SIGTERM or SIGINT; the answer is the exit status.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    os.environ.setdefault("TZ", "UTC")  # before the engine reads it: times without a zone are UTC on every machine
    home = house(settings.data_dir)
    try:
        ownership = _owned(home)
    except TakenError as error:
        logger().error("store_taken", reason=str(error))
        return 1
    try:
        with (
            _listening(settings.gateway.listen) as listener,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_serve(home, ownership, listener, ready, int(settings.limits.free_disk)))
    finally:
        ownership.release()
    return 0


def _owned(home: House) -> Ownership:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Ownership(home)
        except TakenError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


@contextmanager
def _listening(listen: str) -> Iterator[socket.socket]:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
        except OSError as error:
            msg = f"gateway.listen = {listen}: {error.strerror}; set another address"
            raise ConfigurationError(msg) from None
        listener.listen(BACKLOG)
        yield listener


async def _serve(
    home: House, ownership: Ownership, listener: socket.socket, ready: Callable[[], None], free_disk: int
) -> None:
    loop, log = asyncio.get_running_loop(), logger()
    engine = await asyncio.to_thread(Engine, home.store, home.configuration, free_disk)
    runner = Runner(engine)
    host, port = listener.getsockname()[:2]
    application = Gateway(runner, passwords(home), host)
    config = uvicorn.Config(
        application, http="httptools", lifespan="off", ws="none", log_config=None, access_log=False,
        timeout_graceful_shutdown=DRAIN_S, timeout_keep_alive=KEEP_ALIVE_S, server_header=False,
    )  # fmt: skip

    def started() -> None:
        ownership.announce(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        log.info("gateway_started", engine=engine.version, listen=f"{host}:{port}")
        ready()

    server = _Server(config, started)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, _stop, server)
    stopped = asyncio.Event()
    reloading = asyncio.create_task(keep_reloading(partial(reload_due, engine), stopped))
    await server.serve([listener])
    stopped.set()
    await reloading  # before the engine closes
    await runner.close()
    log.info("gateway_stopped")


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True
