"""Logs: JSON lines on stderr, or the console form on a terminal; nothing personal in them."""

import logging
import math
import sys
import traceback
from typing import Final

import structlog

LIBRDKAFKA: Final = "librdkafka"  # the logger of the Kafka clients that are given one


def configure_logging(
    part: str,
    *,
    level: str = "info",
    console: bool | None = None,
    noted: structlog.typing.Processor | None = None,
) -> None:
    """Structured logs on stderr: JSON lines, or the console form on a terminal. Called once, in the entry point.

    `noted` sees every event that is logged.
    """
    console = sys.stderr.isatty() if console is None else console
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )

    def name_part(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.setdefault("part", part)  # in every thread; context variables would stay in this one
        return event

    shared: list[structlog.typing.Processor] = [
        name_part,
        structlog.processors.add_log_level,
        *([noted] if noted else []),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)  # libraries log through the standard library: the same form
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(LIBRDKAFKA).addFilter(Seldom())
    hush_clients()


def hush_clients() -> None:
    """Silence ClickHouse's client: it tells of what it raises as well, with URLs that may quote what was asked."""
    for name in ("clickhouse_connect", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def logger(**bound: object) -> structlog.typing.FilteringBoundLogger:
    """A logger; event names are past tense, values hold no personal data."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(**bound)
    return log


class Once:
    """Lets each of a few kinds through once in `seconds`: who waits for a broker says the same many times a second."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._said: dict[str, float] = {}

    def may(self, kind: str, now: float) -> bool:
        """Whether it may be said now, in seconds by any steady clock; then it has been."""
        if now - self._said.get(kind, -math.inf) < self._seconds:
            return False
        self._said[kind] = now
        return True


class Seldom(logging.Filter):
    """Lets a message of librdkafka through once in `seconds`, of each kind: it repeats itself while a broker is away.

    Two messages are of one kind when their first two words are the same: the facility and the client.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        super().__init__()
        self._once = Once(seconds)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may pass."""
        return self._once.may(" ".join(record.getMessage().split(maxsplit=2)[:2]), record.created)


def frames_of(error: BaseException) -> list[str]:
    """Where an error came from, without its text, which may quote what customers sent."""
    return [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
