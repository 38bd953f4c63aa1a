"""The sink alone: timeline events wait in real Kafka, and become rows in chDB behind its gateway, fsync on.

`python -m benchmarks.sink` prints one JSON line. The sink's CPU and ClickHouse's are counted apart.
"""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import orjson
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from benchmarks.events import documents
from benchmarks.machine import cpu_seconds, peak_memory_mb
from benchmarks.machine import running as process
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.kafka.clients import producer_config
from schemas.settings import ClickHouseSettings, KafkaSettings, Settings
from schemas.telemetry import Metrics, configure_logging
from schemas.topics import Topics
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from sinks.sink import main
from throughline.gateway import running

PARTITIONS = 12


def measure(count: int = 600_000) -> dict[str, object]:
    """Rows a second, rows a CPU second of the sink, CPU seconds a million of both, peak memory of the sink."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as broker:
        kafka = KafkaSettings(bootstrap=broker.bootstrap)
        create(AdminClient({"bootstrap.servers": broker.bootstrap}), Topics().specs(PARTITIONS, 1))
        size = preload(kafka, count)
        gateway = running.start(Path(folder) / "data")
        try:
            url = running.url(Path(folder) / "data")
            with connect(url) as client:
                migrate(client)
                with process("benchmarks.sink", broker.bootstrap, url) as sink:
                    return {"benchmark": "sink", "rows": count, "bytes_a_row": size} | _figures(
                        client, count, sink.pid, gateway.pid
                    )
        finally:
            running.stop(gateway)


def _figures(client: ClickHouse, count: int, sink: int, gateway: int) -> dict[str, object]:
    began, first = _reached(client, 1)
    before = cpu_seconds(sink), cpu_seconds(gateway)
    ended, last = _reached(client, count)
    rows, spent = last - first, cpu_seconds(sink) - before[0]
    inserts = client.query(
        "SELECT uniqExact(stored_at), count() = uniqExact(event_id) FROM interactions SETTINGS max_threads = 1"
    ).rows[0]
    assert inserts[1], "a row is there twice"
    return {
        "rows_per_s": round(rows / (ended - began)),
        "rows_per_cpu_s_of_the_sink": round(rows / spent),
        "cpu_s_per_million": {
            "sink": round(spent / rows * 1e6, 1),
            "clickhouse": round((cpu_seconds(gateway) - before[1]) / rows * 1e6, 1),
        },
        "inserts": inserts[0],
        "peak_memory_mb": round(peak_memory_mb(sink)),
    }


def preload(kafka: KafkaSettings, count: int) -> int:
    """Bytes of a record, on average."""
    producer = Producer(producer_config(kafka, "bench"))
    total = 0
    for number, document in enumerate(documents(count)):
        front = {
            "subject": f"user_id:u{number % 10_000}",
            "raw_topic": "interactions.web",
            "raw_topic_id": str(UUID(int=1)),
            "raw_partition": number % 4,
            "raw_offset": number // 4,
        }
        value = orjson.dumps(front | document)
        producer.produce(Topics().timeline, value, str(front["subject"]))
        total += len(value)
        if number % 1000 == 0:
            producer.poll(0)
        if number % 50_000 == 0:
            producer.flush()
    assert not producer.flush()
    return total // count


def _reached(client: ClickHouse, at_least: int) -> tuple[float, int]:
    """When, and how many rows there are, once there are so many."""
    while True:
        rows: int = client.query("SELECT count() FROM interactions").rows[0][0]
        if rows >= at_least:
            return time.monotonic(), rows
        time.sleep(0.1)


def _work(bootstrap: str, url: str) -> int:
    configure_logging("sink", console=False)
    settings = Settings(kafka=KafkaSettings(bootstrap=bootstrap), clickhouse=ClickHouseSettings(url=url))
    return main(settings, Metrics(CollectorRegistry()), lambda: None)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(_work(*sys.argv[1:]))
    print(json.dumps(measure()))
