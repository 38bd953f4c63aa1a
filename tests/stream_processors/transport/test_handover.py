"""Two workers on a real Kafka: partitions move between them orderly, and nothing is processed again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import create
from schemas.settings import KafkaSettings
from schemas.topics import TopicSpec
from tests.stream_processors.transport.worker import Worker, send, until, working

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def topic(kafka: str) -> str:
    """A topic of four partitions of the test's own."""
    name = f"handover-{uuid4().hex}"
    create(AdminClient({"bootstrap.servers": kafka}), [TopicSpec(name, 4, 1, {})])
    return name


@asynccontextmanager
async def flowing(settings: KafkaSettings, topic: str) -> AsyncIterator[list[bytes]]:
    """Records that keep coming; what was sent, complete at the end."""
    sent: list[bytes] = []
    ending = asyncio.Event()

    async def flow() -> None:
        while not ending.is_set():
            more = [b"%d" % number for number in range(len(sent), len(sent) + 20)]
            await asyncio.to_thread(send, settings, topic, more)
            sent.extend(more)

    task = asyncio.create_task(flow())
    try:
        yield sent
    finally:
        ending.set()
        await task


async def there_and_back(settings: KafkaSettings, topic: str, first: Worker) -> Worker:
    """Another worker takes half of what flows, and leaves it again; that worker."""
    async with working(settings, topic) as second:
        await until(lambda: len(second.offsets) > 100)
        assert [len(worker.assignments[-1]) for worker in (first, second)] == [2, 2]
    left = len(first.offsets)
    await until(lambda: len(first.assignments[-1]) == 4 and len(first.offsets) > left + 100)
    return second


async def test_what_is_handed_over_orderly_is_never_processed_again(kafka: str, topic: str) -> None:
    settings = KafkaSettings(bootstrap=kafka)
    async with working(settings, topic) as first:
        async with flowing(settings, topic) as sent:
            await until(lambda: len(first.offsets) > 100)
            workers = [first, *[await there_and_back(settings, topic, first) for _ in range(3)]]
        await until(lambda: sum(len(worker.offsets) for worker in workers) >= len(sent))
    assert sorted(value for worker in workers for value in worker.values) == sorted(sent)
    assert not any(worker.failures for worker in workers)
