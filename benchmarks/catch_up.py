"""A backlog after a kill: records wait, the processor is killed with -9 at work; the clock runs until all is stored.

`python -m benchmarks catch_up`: the supervisor starts the processor again, which reads what was not committed anew.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.path import gateway_rows, preload
from deploy.kafka.local import running_kafka
from schemas.settings import KafkaSettings
from tests.integration.running import install, kill, running


def measure(count: int = 500_000) -> dict[str, object]:
    """Seconds from the kill until every interaction is a row, once."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        installation.run("topics", "create")
        preload(KafkaSettings(bootstrap=kafka.bootstrap), count)
        with running(installation) as up:
            _, before = gateway_rows(installation, 1)
            assert kill(up, "process")
            began = time.monotonic()
            ended, after = gateway_rows(installation, count)
            assert after == count, "a row is there twice"
    seconds = ended - began
    return {
        "benchmark": "catch up",
        "waiting": count - before,
        "seconds": round(seconds, 1),
        "seconds_a_million": round(seconds / (count - before) * 1e6, 1),
    }
