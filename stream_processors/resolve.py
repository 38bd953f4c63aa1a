"""`throughline resolve`: evidence becomes profiles. What it is made of: `resolver/`."""

import asyncio
from collections.abc import Callable

from schemas.settings import Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors import lifecycle
from stream_processors.core import resolve as core
from stream_processors.resolver.rebuild import Archive
from stream_processors.resolver.worker import build_resolver


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None], *, archive: Archive | None = None) -> int:
    """Resolve until SIGTERM or SIGINT; the exit status. `archive`: what to fill the stores from first.

    Raises:
        ConfigurationError: a setting cannot be used; before `ready` is called.
    """
    return lifecycle.main(lambda stop: run(settings, metrics, ready, stop, archive))


async def run(
    settings: Settings,
    metrics: Metrics,
    ready: Callable[[], None],
    stop: asyncio.Event,
    archive: Archive | None = None,
) -> int:
    """Resolve until `stop` is set; see `main`."""
    topics = Topics(settings.kafka.prefix)
    names = (topics.evidence, *topics.resolved)
    return await lifecycle.live(
        lambda fail: build_resolver(settings, core, metrics, fail, archive), settings.kafka, names, ready, stop
    )
