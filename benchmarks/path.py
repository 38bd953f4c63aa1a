"""The whole path on this machine: raw records in Kafka become rows, with all parts and the broker on it.

A lap that is not counted goes first: a broker a few seconds old still compiles its code, and parts load theirs.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from benchmarks.events import records
from benchmarks.machine import cpu_seconds, peak_memory_mb
from benchmarks.processor import preload
from deploy.kafka.local import running_kafka
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings, load
from schemas.topics import Topics
from tests.integration.running import Installation, install, part_pid, running, standing_still
from throughline.gateway import access

PARTS: Final = ("process", "resolve", "sink", "gateway", "serve")
POLL_S: Final = 0.2  # a question costs ClickHouse as much as a hundred rows do
LOOK_S: Final = 0.02
PATIENCE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Course:
    """What laps go over: an installation that runs, its broker, and the pids of all parts."""

    installation: Installation
    up: "Popen[bytes]"
    bootstrap: str
    pids: Mapping[str, int]

    def lap(self, waiting: Sequence[tuple[bytes, bytes]]) -> tuple[float, dict[str, float]]:
        """Seconds from the processor's first record to the last row, and CPU seconds of each part meanwhile."""
        stored = query(self.installation, "SELECT count() FROM interactions")
        with closing(KafkaOffsets(KafkaSettings(bootstrap=self.bootstrap), "bench", refresh_s=60)) as offsets:
            written = _written(offsets)
            with standing_still(self.up, "process"):  # else it would be done before anybody looked
                preload(KafkaSettings(bootstrap=self.bootstrap), iter(waiting))
                before = self.spent()
            until(lambda: _written(offsets), written + 1, LOOK_S)  # it may have lost its session meanwhile
            began = time.monotonic()
        until(lambda: query(self.installation, "SELECT count() FROM interactions"), stored + len(waiting), POLL_S)
        seconds, after = time.monotonic() - began, self.spent()
        return seconds, {part: after[part] - before[part] for part in self.pids}

    def spent(self) -> dict[str, float]:
        """CPU seconds of each part so far."""
        return {part: cpu_seconds(pid) for part, pid in self.pids.items()}


def measure(count: int = 600_000, warm: int = 300_000) -> dict[str, object]:
    """Of the whole path, events a second; of each part, CPU seconds a million and peak memory.

    `warm`: how many records go before those that count.
    """
    laps = list(records(warm)), list(records(count))  # made before: a part that stands still too long leaves its group
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        installation.run("topics", "create")
        with running(installation) as up:
            assert kafka.child is not None
            pids = {part: part_pid(up, part) or 0 for part in PARTS} | {"broker": kafka.child.pid}
            course = Course(installation, up, kafka.bootstrap, pids)
            _, (seconds, spent) = [course.lap(lap) for lap in laps]
            _verify(installation, warm + count)
            memory = {part: round(peak_memory_mb(pid)) for part, pid in pids.items()}
    return told(count, seconds, spent) | {"after": warm, "peak_memory_mb": memory}


def told(events: int, seconds: float, spent: Mapping[str, float]) -> dict[str, object]:
    """What a run comes to; `spent` are the CPU seconds of each part."""
    return {
        "benchmark": "path",
        "events": events,
        "events_per_s": round(events / seconds),
        "cpu_s_per_million": {part: round(s / events * 1e6, 1) for part, s in spent.items()},
        "cpu_s_per_million_of_all": round(sum(spent.values()) / events * 1e6, 1),
    }


def _verify(installation: Installation, count: int) -> None:
    """Each interaction is there once, and each raw record has its fate."""
    for table in ("interactions", "interactions_fates"):
        found = query(installation, f"SELECT uniqExact(event_id) FROM {table}")  # noqa: S608  ours
        assert found == count, f"{found} of {count} are in {table}"
    rows = query(installation, "SELECT count() FROM interactions")
    assert rows == count, f"{rows} rows of {count} interactions"


def _written(offsets: KafkaOffsets) -> int:
    """How many records the processor has written to the timeline."""
    return sum(offsets.ends([Topics().timeline]).values())


def until(counted: Callable[[], int], at_least: int, pause: float) -> int:
    """Count again and again until there are so many; how many there are."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := counted()) < at_least:
        assert time.monotonic() < deadline, f"{found} of {at_least}"
        time.sleep(pause)
    return found


def query(installation: Installation, sql: str) -> int:
    """One number from the gateway."""
    url, credentials = gateway(installation)
    answer = httpx.post(url, params={"database": "throughline"}, content=sql, auth=credentials, timeout=30)
    return int(answer.raise_for_status().text)


def gateway(installation: Installation) -> tuple[str, tuple[str, str]]:
    """Where the installation's ClickHouse answers, and as whom."""
    url = httpx.URL(access.url(load(installation.folder / "throughline.toml", {}).settings))
    return f"http://{url.host}:{url.port}", (url.username, url.password)
