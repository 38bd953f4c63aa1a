"""One part each, for many machines; `up` runs the same commands beside one another."""

import os
import signal
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Final, TypeVar

import click

from schemas.logged import Logged, file_of
from schemas.settings import Loaded, Settings
from schemas.telemetry import Metrics, configure_logging, logger
from throughline.failures import Failed
from throughline.kafka import known_keys
from throughline.mark import marked
from throughline.options import with_settings

F = TypeVar("F", bound=Callable[..., object])
Main = Callable[[Settings, Metrics, Callable[[], None]], int]
_MAINS: Final = {
    "serve": "throughline.receipts",
    "process": "stream_processors.process",
    "sink": "sinks.sink",
    "gateway": "throughline.gateway.serve",
}


def run_part(
    part: str, loaded: Loaded, supervised: tuple[int, int] | None, log_level: str, main: Main | None = None
) -> None:
    """Run a part in this process until it ends; `main` where it is not the part's own.

    `supervised` holds two file descriptors of a supervisor: one to write to when ready, one that ends when it dies.

    Raises:
        ConfigurationError: the part cannot work with its settings.
        Failed: the part ended with an error, or its metrics port is taken.
    """
    metrics = Metrics()
    kept = file_of(loaded.settings.data_dir, part)
    noted = Logged(metrics, kept)
    configure_logging(part, level=log_level, noted=noted)
    metrics.build_info.labels(version("throughline"), part).set(1)
    main = main or import_module(_MAINS[part]).main
    try:
        stop_metrics = metrics.serve(loaded.settings.metrics.listen)
    except OSError as error:
        msg = f"metrics.listen = {loaded.settings.metrics.listen}: {error.strerror}; set another port"
        raise Failed(msg) from None
    told = _follow(*supervised) if supervised else _nothing

    def ready() -> None:
        metrics.ready.set(1)
        told()

    try:
        with marked(kept.parent, part) as was_cut_off, known_keys(loaded.settings.kafka):
            if was_cut_off:
                logger().error("last_run_killed", hint="for want of memory, by a hand, or by a power cut")
            status = main(loaded.settings, metrics, ready)
    finally:
        stop_metrics()
    if status:
        msg = f"{part} ended with status {status}"
        raise Failed(msg)


def _nothing() -> None:
    """Nobody waits to hear that this part is ready."""


def _follow(ready_fd: int, life_fd: int) -> Callable[[], None]:
    """Say when ready; end when the supervisor has died, however it died."""

    def watch() -> None:
        os.read(life_fd, 1)  # returns when the other end is closed
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()

    def ready() -> None:
        os.write(ready_fd, b"ready\n")

    return ready


def part_options(command: F) -> F:
    """The options of every part: the command gets `loaded`, `supervised` and `log_level`."""
    levels = click.Choice(["debug", "info", "warning", "error"])
    logged = click.option("--log-level", default="info", type=levels)(with_settings(command))
    return click.option("--supervised", type=(int, int), hidden=True)(logged)


def _part(name: str, text: str, *, hidden: bool = False) -> click.Command:
    @click.command(name, help=text, hidden=hidden)
    @part_options
    def command(*, loaded: Loaded, supervised: tuple[int, int] | None, log_level: str) -> None:
        run_part(name, loaded, supervised, log_level)

    return command


serve = _part("serve", "Take deliveries over HTTP and SMTP and publish them to Kafka.")
process = _part("process", "Validate, deduplicate and file interactions under their subject.")
sink = _part("sink", "Write the timeline to ClickHouse, each interaction once.")
gateway = _part("gateway", "ClickHouse's HTTP interface over the embedded store.", hidden=True)
