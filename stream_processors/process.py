"""`throughline process`: interactions are validated, deduplicated and filed. What it is made of: `worker.py`."""

import asyncio
from collections.abc import Callable

from schemas.settings import Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors import lifecycle
from stream_processors.worker import build_worker


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:
    """Process until SIGTERM or SIGINT; the exit status.

    Raises:
        ConfigurationError: a setting cannot be used, or Kafka does not let us in; before `ready` is called.
    """
    return lifecycle.main(lambda stop: run(settings, metrics, ready, stop))


async def run(settings: Settings, metrics: Metrics, ready: Callable[[], None], stop: asyncio.Event) -> int:
    """Process until `stop` is set; see `main`."""
    topics = Topics(settings.kafka.prefix)
    names = (*topics.raw, *topics.outputs, topics.evidence)
    return await lifecycle.live(lambda fail: build_worker(settings, metrics, fail), settings.kafka, names, ready, stop)
