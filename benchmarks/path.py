"""The whole path on this machine: raw records in Kafka become rows, with all parts and the broker on it."""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from benchmarks.events import records
from benchmarks.machine import cpu_seconds, peak_memory_mb
from benchmarks.processor import preload
from deploy.kafka.local import running_kafka
from schemas.settings import KafkaSettings, load
from tests.integration.running import Installation, install, part_pid, running, standing_still
from throughline.gateway import access

PARTS: Final = ("process", "resolve", "sink", "gateway", "serve")


def measure(count: int = 300_000) -> dict[str, object]:
    """Of the whole path, events a second; of each part, CPU seconds a million and peak memory.

    The clock starts with the processor's first record, and stops with the last row.
    """
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        installation.run("topics", "create")
        with running(installation) as up:
            assert kafka.child is not None
            pids = {part: part_pid(up, part) or 0 for part in PARTS} | {"broker": kafka.child.pid}
            with standing_still(up, "process"):  # else it would be done before anybody looked
                preload(KafkaSettings(bootstrap=kafka.bootstrap), records(count))
                before = {part: cpu_seconds(pid) for part, pid in pids.items()}
                began = time.monotonic()
            ended, rows = gateway_rows(installation, count)
            spent = {part: cpu_seconds(pid) - before[part] for part, pid in pids.items()}
            memory = {part: round(peak_memory_mb(pid)) for part, pid in pids.items()}
    return told(rows, ended - began, spent) | {"peak_memory_mb": memory}


def told(events: int, seconds: float, spent: Mapping[str, float]) -> dict[str, object]:
    """What a run comes to; `spent` are the CPU seconds of each part."""
    return {
        "benchmark": "path",
        "events": events,
        "events_per_s": round(events / seconds),
        "cpu_s_per_million": {part: round(s / events * 1e6, 1) for part, s in spent.items()},
        "cpu_s_per_million_of_all": round(sum(spent.values()) / events * 1e6, 1),
    }


def gateway_rows(installation: Installation, at_least: int) -> tuple[float, int]:
    """When, and how many rows there are, once there are so many."""
    while (count := query(installation, "SELECT count() FROM interactions")) < at_least:
        time.sleep(0.05)
    return time.monotonic(), count


def query(installation: Installation, sql: str) -> int:
    """One number from the gateway."""
    url, credentials = gateway(installation)
    answer = httpx.post(url, params={"database": "throughline"}, content=sql, auth=credentials, timeout=30)
    return int(answer.raise_for_status().text)


def gateway(installation: Installation) -> tuple[str, tuple[str, str]]:
    """Where the installation's ClickHouse answers, and as whom."""
    url = httpx.URL(access.url(load(installation.folder / "throughline.toml", {}).settings))
    return f"http://{url.host}:{url.port}", (url.username, url.password)
