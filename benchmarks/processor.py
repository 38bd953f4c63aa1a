"""The processor alone: raw records wait in real Kafka, and become timeline events; every write is durable.

`python -m benchmarks.processor` prints JSON lines: interactions with two identifiers that are known; and what evidence
costs, as the ratio of runs that take turns: interactions of which a share links two identifiers, or of which none does.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count as counting
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from benchmarks.events import documents, linking, record
from benchmarks.machine import cpu_seconds, peak_memory_mb, running
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.kafka.clients import process_group, producer_config
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings, Settings
from schemas.telemetry import Metrics, configure_logging
from schemas.topics import Topics
from stream_processors.process import main

SHARE: Final = 0.05  # of interactions that link
_TURNS: Final = 2


@dataclass(frozen=True, slots=True)
class _Taken:
    """One run of a worker: interactions, their bytes on average, and what it took."""

    events: int
    size: int
    seconds: float
    cpu_seconds: float
    memory_mb: float


def measure(count: int = 1_000_000, pair: int = 400_000) -> list[dict[str, object]]:
    """Of one worker: events a second and a CPU second for `count`; the ratios of linking to plain for `pair` each."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as broker:
        runs = (f"run{number}." for number in counting())
        whole = _run(broker.bootstrap, Path(folder), next(runs), documents(count))
        turns = [
            (
                _run(broker.bootstrap, Path(folder), next(runs), linking(pair, 0)),
                _run(broker.bootstrap, Path(folder), next(runs), linking(pair, SHARE)),
            )
            for _ in range(_TURNS)
        ]
    return [_told(whole), _compared(turns)]


def _told(run: _Taken) -> dict[str, object]:
    return {
        "benchmark": "processor",
        "events": run.events,
        "bytes_an_event": run.size,
        "events_per_s": round(run.events / run.seconds),
        "events_per_cpu_s": round(run.events / run.cpu_seconds),
        "cpu_s_per_million": round(run.cpu_seconds / run.events * 1e6, 1),
        "peak_memory_mb": round(run.memory_mb),
    }


def _compared(turns: list[tuple[_Taken, _Taken]]) -> dict[str, object]:
    """All turns together; below 1 it loses."""
    plain, with_links = zip(*turns, strict=True)
    wall = [sum(run.events for run in runs) / sum(run.seconds for run in runs) for runs in (plain, with_links)]
    cpu = [sum(run.events for run in runs) / sum(run.cpu_seconds for run in runs) for runs in (plain, with_links)]
    return {
        "benchmark": "processor, evidence",
        "share_that_links": SHARE,
        "events_per_s": {"plain": round(wall[0]), "linking": round(wall[1])},
        "events_per_cpu_s": {"plain": round(cpu[0]), "linking": round(cpu[1])},
        "ratio": {"events_per_s": round(wall[1] / wall[0], 3), "events_per_cpu_s": round(cpu[1] / cpu[0], 3)},
        "peak_memory_mb": {
            "plain": round(max(run.memory_mb for run in plain)),
            "linking": round(max(run.memory_mb for run in with_links)),
        },
    }


def _run(bootstrap: str, folder: Path, prefix: str, interactions: Iterable[dict[str, object]]) -> _Taken:
    kafka = KafkaSettings(bootstrap=bootstrap, prefix=prefix)
    create(AdminClient({"bootstrap.servers": bootstrap}), Topics(prefix).specs(4, 1))
    count, size = preload(kafka, map(record, interactions))
    offsets = KafkaOffsets(kafka, "bench", refresh_s=60)
    with running("benchmarks.processor", bootstrap, f"{folder}/{prefix}data", prefix) as worker:
        began, first, before = _passed(offsets, kafka, 1, worker.pid)
        ended, last, after = _passed(offsets, kafka, count, worker.pid)
        memory = peak_memory_mb(worker.pid)
    offsets.close()
    return _Taken(last - first, size // count, ended - began, after - before, memory)


def preload(kafka: KafkaSettings, records: Iterator[tuple[bytes, bytes]]) -> tuple[int, int]:
    """How many, and bytes of all values."""
    producer = Producer(producer_config(kafka, "bench"))
    topic = Topics(kafka.prefix).interactions("web")
    count = total = 0
    for key, value in records:
        producer.produce(topic, value, key)
        count, total = count + 1, total + len(value)
        if count % 1000 == 0:
            producer.poll(0)
        if count % 50_000 == 0:
            producer.flush()
    assert not producer.flush()
    return count, total


def _passed(offsets: KafkaOffsets, kafka: KafkaSettings, at_least: int, pid: int) -> tuple[float, int, float]:
    """When, how many records the group has committed, and CPU seconds, once there are so many."""
    topic = Topics(kafka.prefix).interactions("web")
    while True:
        done = sum(offsets.committed(process_group(kafka), offsets.partitions([topic])).values())
        if done >= at_least:
            return time.monotonic(), done, cpu_seconds(pid)
        time.sleep(0.02)


def _work(bootstrap: str, data: str, prefix: str) -> int:
    configure_logging("process", console=False)
    settings = Settings(kafka=KafkaSettings(bootstrap=bootstrap, prefix=prefix), data_dir=Path(data))
    return main(settings, Metrics(CollectorRegistry()), lambda: None)


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(_work(*sys.argv[1:]))
    for result in measure():
        print(json.dumps(result))
