"""A backlog after a kill: records wait, the processor is killed with -9 at work; the clock runs until all is stored.

`python -m benchmarks catch_up`: the supervisor starts the processor again, which reads what was not committed anew.
Everything has run for a lap before, as it has where a backlog comes up. Kafka gives the partitions to the new processor
when the session of the killed one is over, 10 s: so what waits is a whole million, not a part of it.
"""

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.events import records
from benchmarks.path import Course, query, until
from benchmarks.processor import preload
from deploy.kafka.local import running_kafka
from schemas.settings import KafkaSettings
from tests.integration.running import Installation, install, kill, running, standing_still

POLL_S: Final = 0.25


def measure(count: int = 1_000_000, warm: int = 300_000) -> dict[str, object]:
    """Seconds from the kill until every interaction is stored; `warm` records go before."""
    first, backlog = list(records(warm)), list(records(count))
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        installation.run("topics", "create")
        with running(installation) as up:
            Course(installation, up, kafka.bootstrap, {}).lap(first)
            with standing_still(up, "process"):
                preload(KafkaSettings(bootstrap=kafka.bootstrap), iter(backlog))
            before = _rows(installation, warm + 1) - warm
            assert kill(up, "process")
            began = time.monotonic()
            assert before < count, "too few: all was stored before the kill"
            assert _rows(installation, warm + count) == warm + count
            seconds = time.monotonic() - began
    return {
        "benchmark": "catch up",
        "waiting": count - before,
        "seconds": round(seconds, 1),
        "seconds_a_million": round(seconds / (count - before) * 1e6, 1),
        "after": warm,
    }


def _rows(installation: Installation, at_least: int) -> int:
    """How many interactions are stored, once there are so many; what was sent again after the kill counts once."""
    return until(partial(_stored, installation, at_least), at_least, POLL_S)


def _stored(installation: Installation, at_least: int) -> int:
    """How many there are; each is counted once only where it matters, as that reads all ids."""
    rows = query(installation, "SELECT count() FROM interactions")
    return rows if rows < at_least else query(installation, "SELECT uniqExact(event_id) FROM interactions")
