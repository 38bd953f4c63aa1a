"""The HTTP intake: Segment calls over loopback into real Kafka, every answer awaited; the load is this process."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from benchmarks.machine import cpu_seconds, peak_memory_mb
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.producers.serving import KEY, Served, serving

BATCH = 100
_AUTHORIZATION = b64encode(f"{KEY}:".encode()).decode()


def measure(batch_count: int = 2_000, single_count: int = 15_000) -> list[dict[str, object]]:
    """Interactions a second and CPU seconds a million: in batches of 100, then one a request."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as broker:
        kafka = KafkaSettings(bootstrap=broker.bootstrap)
        create(AdminClient({"bootstrap.servers": broker.bootstrap}), Topics().specs(4, 1))
        with serving(kafka, Path(folder)) as served:
            send(served.url, batches(200), 8)  # until caches and the first metadata are warm
            results = [
                _measure(served, "intake, batches of 100", list(batches(batch_count)), BATCH, connections=8),
                _measure(served, "intake, single events", list(singles(single_count)), 1, connections=64),
            ]
            stored = _stored(broker.bootstrap)
            assert stored == (200 + batch_count) * BATCH + single_count, stored
            return results


def _measure(served: Served, name: str, requests: list[bytes], items: int, connections: int) -> dict[str, object]:
    pid = served.process.pid
    before, began = cpu_seconds(pid), time.monotonic()
    slowest = send(served.url, iter(requests), connections)
    seconds, spent = time.monotonic() - began, cpu_seconds(pid) - before
    events = len(requests) * items
    return {
        "benchmark": name,
        "events": events,
        "bytes_sent_an_event": round(sum(map(len, requests)) / events),
        "events_per_s": round(events / seconds),
        "events_per_cpu_s": round(events / spent),
        "requests_per_cpu_s": round(len(requests) / spent),
        "p99_ms": round(slowest * 1000, 1),
        "peak_memory_mb": round(peak_memory_mb(pid)),
    }


def _event(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Product Viewed",
        "userId": f"u{number % 10_000}",
        "anonymousId": f"a-{number % 10_000:032x}",
        "messageId": f"m-{time.monotonic_ns():x}-{number:016x}",
        "timestamp": "2026-01-31T12:00:00.123Z",
        "sentAt": "2026-01-31T12:00:00.456Z",
        "properties": {"sku": f"p-{number % 500}", "price": 19.9, "position": number % 9, "note": "x" * 80},
        "context": {
            "library": {"name": "analytics.js", "version": "2.11.1"},
            "page": {"path": "/pricing", "title": "Pricing", "url": "https://shop.example/pricing"},
            "locale": "en-GB",
        },
    }


def batches(count: int) -> Iterator[bytes]:
    """So many requests of `BATCH` interactions each."""
    for number in range(count):
        yield _request("/v1/batch", {"batch": [_event(number * BATCH + at) for at in range(BATCH)]})


def singles(count: int) -> Iterator[bytes]:
    """So many requests of one interaction each."""
    for number in range(count):
        yield _request("/v1/track", _event(number))


def _request(path: str, body: object) -> bytes:
    content = orjson.dumps(body)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {_AUTHORIZATION}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def send(url: str, requests: Iterator[bytes], connections: int) -> float:
    """Send all, each connection one at a time; the 99th percentile of the answers' times in seconds."""
    port = int(url.rpartition(":")[2])
    times: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests:
            began = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            times.append(time.monotonic() - began)
        writer.close()

    async def clients() -> None:
        await asyncio.gather(*(client() for _ in range(connections)))

    asyncio.run(clients())
    return sorted(times)[int(len(times) * 0.99)]


def _stored(bootstrap: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench"})
    topic = Topics().interactions("web")
    marks = [consumer.get_watermark_offsets(TopicPartition(topic, at), timeout=10) for at in range(4)]
    consumer.close()
    return sum(mark[1] for mark in marks if mark)


if __name__ == "__main__":
    for result in measure():
        print(orjson.dumps(result).decode())
