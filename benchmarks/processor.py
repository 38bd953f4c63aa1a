"""The processor alone: raw records wait in real Kafka, and become timeline events; every write is durable.

`python -m benchmarks.processor` prints one JSON line.
"""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from benchmarks.events import records
from benchmarks.machine import cpu_seconds, peak_memory_mb, running
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.kafka.clients import process_group, producer_config
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings, Settings
from schemas.telemetry import Metrics, configure_logging
from schemas.topics import Topics
from stream_processors.process import main

TOPIC = "interactions.web"


def measure(count: int = 1_000_000) -> dict[str, object]:
    """Events a second, events a CPU second, and CPU seconds a million of one worker."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as broker:
        kafka = KafkaSettings(bootstrap=broker.bootstrap)
        create(AdminClient({"bootstrap.servers": broker.bootstrap}), Topics().specs(4, 1))
        size = _preload(kafka, count)
        offsets = KafkaOffsets(kafka, "bench", refresh_s=60)
        with running("benchmarks.processor", broker.bootstrap, f"{folder}/data") as worker:
            began, first, before = _passed(offsets, kafka, 1, worker.pid)
            ended, last, after = _passed(offsets, kafka, count, worker.pid)
            events, spent = last - first, after - before
            return {
                "benchmark": "processor",
                "events": count,
                "bytes_an_event": size,
                "events_per_s": round(events / (ended - began)),
                "events_per_cpu_s": round(events / spent),
                "cpu_s_per_million": round(spent / events * 1e6, 1),
                "peak_memory_mb": round(peak_memory_mb(worker.pid)),
            }


def _preload(kafka: KafkaSettings, count: int) -> int:
    """Bytes of a record, on average."""
    producer = Producer(producer_config(kafka, "bench"))
    total = 0
    for number, (key, value) in enumerate(records(count)):
        producer.produce(TOPIC, value, key)
        total += len(value)
        if number % 1000 == 0:
            producer.poll(0)
        if number % 50_000 == 0:
            producer.flush()
    assert not producer.flush()
    return total // count


def _passed(offsets: KafkaOffsets, kafka: KafkaSettings, at_least: int, pid: int) -> tuple[float, int, float]:
    """When, how many records the group has committed, and CPU seconds, once there are so many."""
    while True:
        done = sum(offsets.committed(process_group(kafka), offsets.partitions([TOPIC])).values())
        if done >= at_least:
            return time.monotonic(), done, cpu_seconds(pid)
        time.sleep(0.02)


def _work(bootstrap: str, data: str) -> int:
    configure_logging("process", console=False)
    settings = Settings(kafka=KafkaSettings(bootstrap=bootstrap), data_dir=Path(data))
    return main(settings, Metrics(CollectorRegistry()), lambda: None)


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(_work(*sys.argv[1:]))
    print(json.dumps(measure()))
