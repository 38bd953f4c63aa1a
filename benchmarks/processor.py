"""The processor alone: raw records wait in real Kafka, and become timeline events; every write is durable.

`python -m benchmarks.processor` prints JSON lines: interactions with two identifiers that are known; and what evidence
costs, as the ratio of two workers at once on one core: of the interactions of one a share links two identifiers, of the
other's none.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from benchmarks.contest.abreast import entered_abreast
from benchmarks.contest.contestants import BY_NAME, OURS
from benchmarks.contest.course import Course, lay
from benchmarks.contest.lap import entered
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
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class _Taken:
    """One run of a worker: interactions, their bytes on average, and what it took."""

    events: int
    size: int
    seconds: float
    cpu_seconds: float
    memory_mb: float


def measure(count: int = 1_000_000, pair: int = 400_000) -> list[dict[str, object]]:
    """Of one worker: events a second and a CPU second for `count`; the ratio of linking to plain for `pair` each."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as broker:
        whole = _run(broker.bootstrap, Path(folder), "run.", documents(count))
        shares = {"plain": 0.0, "linking": SHARE}
        courses = {name: lay(broker.bootstrap, f"{name}.", linking(pair, share)) for name, share in shares.items()}
        rounds = [_round(courses, Path(folder) / str(number)) for number in range(_ROUNDS)]
    return [_told(whole), _compared(rounds)]


def _round(courses: Mapping[str, Course], folder: Path) -> Mapping[str, float]:
    """Microseconds of CPU an event, of a worker a course, which work at the same time."""
    entering = {name: entered(BY_NAME[OURS], course, folder / name) for name, course in courses.items()}
    costs = entered_abreast(entering, min(len(course.ids) for course in courses.values()))
    return {name: cost["contestant"] for name, cost in costs.items()}


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


def _compared(rounds: Sequence[Mapping[str, float]]) -> dict[str, object]:
    """The medians of all rounds; a ratio below 1 says that it loses."""
    return {
        "benchmark": "processor, evidence",
        "share_that_links": SHARE,
        "cpu_us_an_event": {name: round(median(costs[name] for costs in rounds), 1) for name in rounds[0]},
        "ratio": {"events_per_cpu_s": round(median(costs["plain"] / costs["linking"] for costs in rounds), 3)},
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
