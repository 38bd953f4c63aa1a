"""The sink as a process of its own, and producers of what it reads."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

from confluent_kafka import Producer

from schemas.kafka.admin import admin_client, create
from schemas.kafka.clients import producer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.ports import free_port

PATIENCE_S = 90.0
_PIPES: list[tuple[int, int]] = []  # they stay open for as long as the tests: the sinks end with them


def own_topics(bootstrap: str, partitions: int = 4) -> KafkaSettings:
    """Settings with a prefix of their own on a broker that tests share; the topics are there."""
    kafka = KafkaSettings(bootstrap=bootstrap, prefix=f"t{uuid4().hex[:8]}.")
    create(admin_client(producer_config(kafka, "test")), Topics(kafka.prefix).specs(partitions, 1))
    return kafka


def start(
    kafka: KafkaSettings, url: str, more: Mapping[str, str] | None = None, *, wait: bool = True
) -> "subprocess.Popen[bytes]":
    """Start a sink; `wait` until it says that it is ready."""
    ours = {
        "KAFKA__BOOTSTRAP": kafka.bootstrap,
        "KAFKA__PREFIX": kafka.prefix,
        "CLICKHOUSE__URL": url,
        "METRICS__LISTEN": f"127.0.0.1:{free_port()}",
    } | dict(more or {})
    if kafka.embedded_run is not None:
        ours["KAFKA__EMBEDDED_RUN"] = str(kafka.embedded_run)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
    environment = clean | {f"THROUGHLINE_{name}": value for name, value in ours.items()}
    (ready, tell), (hang_up, life) = os.pipe(), os.pipe()
    command = [sys.executable, "-m", "throughline", "sink", "--supervised", str(tell), str(hang_up)]
    process = subprocess.Popen(command, env=environment, pass_fds=(tell, hang_up))
    os.close(tell)
    os.close(hang_up)
    if wait:
        assert os.read(ready, 6) == b"ready\n"
    _PIPES.append((ready, life))
    return process


@contextmanager
def running(
    kafka: KafkaSettings, url: str, more: Mapping[str, str] | None = None, *, wait: bool = True
) -> "Iterator[subprocess.Popen[bytes]]":
    """A sink that ends orderly."""
    process = start(kafka, url, more, wait=wait)
    try:
        yield process
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - began < 10  # what supervisors allow
    finally:
        process.kill()
        process.wait()


def send(kafka: KafkaSettings, topic: str, values: Iterable[bytes | None]) -> None:
    """Publish records in their order, spread over all partitions, and wait until Kafka has them."""
    producer = Producer(producer_config(kafka, "test"))
    for number, value in enumerate(values):
        producer.produce(topic, value, f"key-{number}")
        producer.poll(0)
    assert not producer.flush(60)


def until(seen: Callable[[], object], expected: object) -> None:
    """Wait until something is as expected; fails with what was seen last."""
    deadline = time.monotonic() + PATIENCE_S
    while (last := seen()) != expected:
        assert time.monotonic() < deadline, f"{last!r}, expected {expected!r}"
        time.sleep(0.05)
