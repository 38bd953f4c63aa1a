"""A running `throughline serve` over the embedded broker, and what it published."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
from confluent_kafka import Consumer, TopicPartition

from schemas.interaction import Channel
from schemas.kafka.clients import consumer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.ports import free_port

KEY = "wk_clients"
CHANNELS: tuple[Channel, ...] = ("web", "mobile")


@dataclass(frozen=True, slots=True)
class Published:
    """What stands in Kafka: interactions as plain data, and the items that were rejected."""

    interactions: list[dict[str, Any]]
    rejected: list[dict[str, Any]]

    @property
    def message_ids(self) -> list[str]:
        return sorted(each["message_id"] for each in self.interactions)


def published(kafka: KafkaSettings) -> Published:
    """Everything up to the ends of the topics."""
    topics = Topics(kafka.prefix)
    interactions = [each for channel in CHANNELS for each in _read(kafka, topics.interactions(channel))]
    return Published(interactions, _read(kafka, topics.rejected))


def _read(kafka: KafkaSettings, topic: str) -> list[dict[str, Any]]:
    consumer = Consumer(consumer_config(kafka, "tests", f"tests-{uuid4()}"))
    try:
        known = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        ends = {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1] for number in known
        }
        consumer.assign([TopicPartition(topic, number, 0) for number in known])
        values: list[dict[str, Any]] = []
        while len(values) < sum(ends.values()):
            message = consumer.poll(10)
            assert message is not None, f"{topic}: {len(values)} of {sum(ends.values())} records came"
            assert message.error() is None, message.error()
            values.append(orjson.loads(message.value() or b""))
        return values
    finally:
        consumer.close()


@contextmanager
def running_intake(kafka: KafkaSettings, folder: Path, port: int) -> Iterator[str]:
    """Run `throughline serve` with one segment source; yields its URL, and holds it to an orderly end."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
    settings = {
        "KAFKA__BOOTSTRAP": kafka.bootstrap,
        "KAFKA__EMBEDDED_RUN": str(kafka.embedded_run),
        "KAFKA__BACKLOG_BUDGET": "4MB",  # nobody consumes here
        "HTTP__LISTEN": f"127.0.0.1:{port}",
        "METRICS__LISTEN": f"127.0.0.1:{free_port()}",
        "DATA_DIR": str(folder / "data"),
        "SOURCES__APP__ADAPTER": "segment",
        "SOURCES__APP__WRITE_KEY": KEY,
    }
    environment = own | {f"THROUGHLINE_{name}": value for name, value in settings.items()}
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "throughline", "serve"], cwd=folder, env=environment, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _await_ready(url, process, log)
        yield url
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def _await_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready within 30 s: {log.read_text()}")
