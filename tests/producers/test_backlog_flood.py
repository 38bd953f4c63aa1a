"""The embedded broker silently drops the oldest of a full partition: what was answered 200 is never among that."""

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.kafka.clients import consumer_config, process_group, producer_config, sink_group
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.producers.serving import KEY, Served, serving

TOPICS = Topics()
STORING = {"enable.auto.offset.store": True, "log_level": 2}
HELD = [TOPICS.interactions("web"), TOPICS.interactions("mobile"), TOPICS.timeline, TOPICS.rejected]


def event(number: int, size: int) -> dict[str, object]:
    channel = {"channel": "mobile"} if number % 3 == 0 else {}
    return {
        "type": "track", "event": "E", "userId": "u", "messageId": f"m{number}", **channel,
        "properties": {"note": random.Random(number).randbytes(size // 2).hex()},
    }  # fmt: skip


async def flood(served: Served, numbers: Iterator[int], seconds: float) -> set[str]:
    """The message ids that were answered as accepted; two dozen clients at full speed, bodies of 1 kB to 3 MB."""
    accepted: set[str] = set()
    deadline = time.monotonic() + seconds

    async def client(seed: int) -> None:
        chance = random.Random(seed)
        async with httpx.AsyncClient(timeout=30, auth=(KEY, "")) as http:
            while time.monotonic() < deadline:
                size, count = chance.choice([(300, 1), (900, 100), (60_000, 10), (200_000, 1), (200_000, 15)])
                batch = [event(next(numbers), size) for _ in range(count)]
                answer = await http.post(f"{served.url}/v1/batch", content=orjson.dumps({"batch": batch}))
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    receipts = answer.json()["receipts"]
                    assert all(receipt["status"] == "accepted" for receipt in receipts)
                    accepted.update(receipt["message_id"] for receipt in receipts)
                else:
                    assert answer.headers["retry-after"]
                    await asyncio.sleep(0.2)

    await asyncio.gather(*(client(seed) for seed in range(24)))
    return accepted


@contextmanager
def running(step: "threading.Thread", stop: threading.Event) -> Iterator[None]:
    step.start()
    try:
        yield
    finally:
        stop.set()
        step.join()


def processor(kafka: KafkaSettings, stop: threading.Event) -> threading.Thread:
    """As `throughline process` does, at its worst: all outputs in one partition, larger than what came in."""

    def run() -> None:
        consumer = Consumer(consumer_config(kafka, "process", process_group(kafka)) | STORING)
        consumer.subscribe(HELD[:2])
        producer = Producer(producer_config(kafka, "process") | {"compression.type": "none", "log_level": 2})
        while not stop.is_set():
            messages = [message for message in consumer.consume(500, 0.05) if message.error() is None]
            for message in messages:
                padding = b'{"subject":"' + b"x" * 600 + b'",'
                producer.produce(TOPICS.timeline, padding + (message.value() or b"")[1:], b"u", partition=1)
            producer.flush()
            if messages:
                consumer.commit(asynchronous=False)
        consumer.close()

    return threading.Thread(target=run)


def sink(kafka: KafkaSettings, stop: threading.Event, seen: set[str]) -> threading.Thread:
    def run() -> None:
        consumer = Consumer(consumer_config(kafka, "sink", sink_group(kafka)) | STORING)
        consumer.subscribe(list(TOPICS.outputs))
        while not stop.is_set():
            messages = [message for message in consumer.consume(500, 0.3) if message.error() is None]
            seen.update(orjson.loads(message.value() or b"")["message_id"] for message in messages)
            if messages:
                consumer.commit(asynchronous=False)
        consumer.close()

    return threading.Thread(target=run)


def lowest(kafka: KafkaSettings) -> dict[tuple[str, int], tuple[int, int]]:
    """The watermarks of every partition that holds anything."""
    consumer = Consumer(consumer_config(kafka, "test", "test"))
    known = consumer.list_topics(timeout=10).topics
    marks = {
        (topic, at): consumer.get_watermark_offsets(TopicPartition(topic, at), timeout=10)
        for topic in HELD
        if topic in known
        for at in known[topic].partitions
    }
    consumer.close()
    return {where: mark for where, mark in marks.items() if mark is not None and mark[1]}


@pytest.mark.slow
def test_nothing_that_was_accepted_is_ever_dropped(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    numbers = iter(range(10_000_000))
    seen: set[str] = set()
    stop_processor, stop_sink = threading.Event(), threading.Event()
    with serving(mock_kafka, tmp_path) as served:
        accepted = asyncio.run(flood(served, numbers, 3))  # nobody consumes
        assert accepted
        assert {low for low, _ in lowest(mock_kafka).values()} == {0}

        with running(processor(mock_kafka, stop_processor), stop_processor):
            accepted |= asyncio.run(flood(served, numbers, 6))  # all of it goes on to one partition, and stays there
            marks = lowest(mock_kafka)
            assert {low for (topic, _), (low, _) in marks.items() if topic == TOPICS.timeline} == {0}
            before = len(accepted)

            with running(sink(mock_kafka, stop_sink, seen), stop_sink):
                accepted |= asyncio.run(flood(served, numbers, 6))
                assert len(accepted) > 2 * before  # it goes on
                deadline = time.monotonic() + 30
                while not accepted <= seen and time.monotonic() < deadline:
                    time.sleep(0.1)
        assert len(accepted - seen) == 0
        assert served.metric("throughline_backlog_budget_bytes") == 1_000_000
        assert served.stop() == 0
