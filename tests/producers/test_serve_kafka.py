"""The intake over a real Kafka that goes away and comes back while clients send."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.kafka.local import LocalKafka
from schemas.kafka.admin import create
from schemas.kafka.clients import consumer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.producers.serving import KEY, Served, serving, until_ready

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def message_ids(kafka: KafkaSettings) -> list[str]:
    """Of everything in interactions.web."""
    topic = Topics(kafka.prefix).interactions("web")
    consumer = Consumer(consumer_config(kafka, "test", "test"))
    found: list[str] = []
    for number in range(kafka.partitions):
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
        consumer.assign([TopicPartition(topic, number, 0)])
        while True:
            at = consumer.position([TopicPartition(topic, number)])[0].offset
            if at >= end or end == 0:
                break
            found += [
                orjson.loads(m.value() or b"")["message_id"] for m in consumer.consume(1000, 0.2) if not m.error()
            ]
    consumer.close()
    return found


async def send(http: httpx.AsyncClient, numbers: Iterator[int], accepted: set[str], ending: asyncio.Event) -> None:
    while not ending.is_set():
        batch = [{"type": "track", "userId": "u", "event": "E", "messageId": f"m{next(numbers)}"} for _ in range(3)]
        answer = await http.post("/v1/batch", json={"batch": batch})
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            accepted.update(receipt["message_id"] for receipt in answer.json()["receipts"])
        else:
            assert answer.json()["code"] == "unavailable"
            assert answer.headers["retry-after"]
            await asyncio.sleep(0.1)


def client_of(served: Served) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=served.url, timeout=60, auth=(KEY, ""), limits=limits)


@pytest.mark.timeout(180)
async def test_nothing_answered_200_is_lost_while_kafka_goes_and_comes(local_kafka: LocalKafka, tmp_path: Path) -> None:
    kafka = KafkaSettings(bootstrap=local_kafka.bootstrap, prefix="outage.")
    create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics(kafka.prefix).specs(kafka.partitions, 1))
    numbers, accepted, ending = iter(range(1_000_000_000)), set[str](), asyncio.Event()
    async with AsyncExitStack() as stack:
        served = stack.enter_context(serving(kafka, tmp_path))
        http = await stack.enter_async_context(client_of(served))
        clients = [asyncio.create_task(send(http, numbers, accepted, ending)) for _ in range(100)]
        await until(lambda: len(accepted) > 1000)
        await asyncio.to_thread(local_kafka.stop)
        await until_status(http, "/readyz", 503)
        missing = (await http.get("/readyz")).json()
        assert "Kafka" in missing["message"]
        assert (await http.get("/healthz")).status_code == 200
        answer = await http.post("/v1/track", json={"type": "track", "userId": "u", "event": "E"})
        assert answer.status_code == 503
        await asyncio.to_thread(local_kafka.start)
        await asyncio.to_thread(until_ready, served)
        while_up = len(accepted)
        await until(lambda: len(accepted) > while_up + 1000)
        ending.set()
        await asyncio.gather(*clients)
        assert served.stop() == 0
    stored = await asyncio.to_thread(message_ids, kafka)
    assert not accepted - set(stored)


async def until(is_true: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError


async def until_status(http: httpx.AsyncClient, url: str, status: int) -> None:
    for _ in range(600):
        if (await http.get(url)).status_code == status:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(url)


async def test_it_answers_503_from_the_first_moment_without_kafka_and_ends_in_time(tmp_path: Path) -> None:
    with serving(KafkaSettings(bootstrap="127.0.0.1:1"), tmp_path, wait=False) as served:
        async with client_of(served) as http:
            for _ in range(200):
                try:
                    await http.get("/healthz")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
            assert (await http.get("/readyz")).status_code == 503
            answer = await http.post("/v1/track", json={"type": "track", "userId": "u", "event": "E"})
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert served.stop() == 0


async def test_it_is_not_ready_without_its_topics(local_kafka: LocalKafka, tmp_path: Path) -> None:
    kafka = KafkaSettings(bootstrap=local_kafka.bootstrap, prefix="late.")
    with serving(kafka, tmp_path, wait=False) as served:
        async with client_of(served) as http:
            await until_said(http, "late.interactions.web")
            answer = await http.post("/v1/track", json={"type": "track", "userId": "u", "event": "E"})
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics(kafka.prefix).specs(kafka.partitions, 1))
            await asyncio.to_thread(until_ready, served)
            answer = await http.post("/v1/track", json={"type": "track", "userId": "u", "event": "E"})
            assert answer.status_code == 200


async def until_said(http: httpx.AsyncClient, text: str) -> None:
    """Until /readyz says why not, with this in it."""
    for _ in range(600):
        try:
            if text in (await http.get("/readyz")).text:
                return
        except httpx.ConnectError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError(text)


def test_an_interrupted_batch_is_whole_in_kafka_or_answered_503(local_kafka: LocalKafka, tmp_path: Path) -> None:
    """SIGTERM under load: what was answered 200 is there, and the process ends within its grace."""
    kafka = KafkaSettings(bootstrap=local_kafka.bootstrap, prefix="drain.")
    create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics(kafka.prefix).specs(kafka.partitions, 1))
    accepted: set[str] = set()

    async def run(served: Served) -> int:
        numbers, ending = iter(range(1_000_000_000)), asyncio.Event()
        async with client_of(served) as http:
            clients = [asyncio.create_task(send(http, numbers, accepted, ending)) for _ in range(50)]
            await until(lambda: len(accepted) > 500)
            status = await asyncio.to_thread(served.stop)
            ending.set()
            ended = await asyncio.gather(*clients, return_exceptions=True)
        assert all(error is None or isinstance(error, httpx.TransportError) for error in ended)
        return status

    with serving(kafka, tmp_path) as served:
        assert asyncio.run(run(served)) == 0
    assert accepted
    assert not accepted - set(message_ids(kafka))
