"""A backlog after a kill: records wait, the processor is killed with -9 at work; the clock runs until all is stored.

`python -m benchmarks catch_up`: the supervisor starts the processor again, which reads what was not committed anew.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.events import records
from benchmarks.path import query
from benchmarks.processor import preload
from deploy.kafka.local import running_kafka
from schemas.settings import KafkaSettings
from tests.integration.running import Installation, install, kill, running

POLL_S: Final = 0.25  # the question reads all ids


def measure(count: int = 500_000) -> dict[str, object]:
    """Seconds from the kill until every interaction is stored."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        installation.run("topics", "create")
        preload(KafkaSettings(bootstrap=kafka.bootstrap), records(count))
        with running(installation) as up:
            before = _stored(installation, 1)
            assert before < count, "too few: all was stored before the kill"
            assert kill(up, "process")
            began = time.monotonic()
            assert _stored(installation, count) == count
            seconds = time.monotonic() - began
    return {
        "benchmark": "catch up",
        "waiting": count - before,
        "seconds": round(seconds, 1),
        "seconds_a_million": round(seconds / (count - before) * 1e6, 1),
    }


def _stored(installation: Installation, at_least: int) -> int:
    """How many interactions are stored, once there are so many; what was sent again after the kill counts once."""
    while (count := query(installation, "SELECT uniqExact(event_id) FROM interactions")) < at_least:
        time.sleep(POLL_S)
    return count
