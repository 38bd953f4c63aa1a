import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import AsyncMock

import pytest
from confluent_kafka import Consumer, KafkaError
from hypothesis import given
from hypothesis import strategies as st

from producers import publish
from producers.accept import FOR_EVER
from producers.judge import Record
from producers.publish import OVERHEAD, Publisher, pieces, without
from schemas.kafka.admin import TopicMissingError
from schemas.kafka.backlog import Ledger
from schemas.kafka.books import PartitionBook
from schemas.kafka.clients import consumer_config
from schemas.kafka.stuck import Patience
from schemas.settings import KafkaSettings
from tests.producers.doubles import metrics

TOPIC = "interactions.web"


def record(number: int, size: int = 10) -> Record:
    return TOPIC, f"k{number}".encode(), b"x" * size


@asynccontextmanager
async def publishing(kafka: KafkaSettings, budget: int = 1 << 20) -> AsyncIterator[tuple[Publisher, Ledger]]:
    ledger = Ledger(budget, PartitionBook())
    publisher = Publisher(kafka, ledger, metrics(), pytest.fail)
    publisher.told(None)
    yield publisher, ledger
    assert await publisher.close(5) == 0


def stored(kafka: KafkaSettings) -> list[bytes]:
    consumer = Consumer(consumer_config(kafka, "test", "test"))
    consumer.subscribe([TOPIC])
    found: list[bytes] = []
    while batch := consumer.consume(1000, 5 if not found else 0.5):
        found += [message.key() or b"" for message in batch if message.error() is None]
    consumer.close()
    return found


async def test_what_is_published_is_in_kafka_and_in_the_ledger(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka) as (publisher, ledger):
        assert await publisher.publish([record(number) for number in range(100)], 5) is None
        batches = [[record(1000 + 10 * at + number) for number in range(10)] for at in range(50)]
        assert set(await asyncio.gather(*(publisher.publish(batch, 5) for batch in batches))) == {None}
        assert 0 < ledger.largest <= 600 * (10 + OVERHEAD)
    found = await asyncio.to_thread(stored, mock_kafka)
    assert sorted(found) == sorted({f"k{number}".encode() for number in [*range(100), *range(1000, 1500)]})


class Stuck:
    """A producer's reports, a Kafka that answers others, and a clock."""

    def __init__(self, kafka: KafkaSettings, *, answers: bool = True) -> None:
        self.now = 0.0
        self.fatal: list[str] = []
        patience = Patience(lambda: answers, lambda: self.now)
        ledger = Ledger(1 << 20, PartitionBook())
        self.publisher = Publisher(kafka, ledger, metrics(), self.fatal.append, patience=patience)

    def hears(self, code: int | None, seconds: float, every: float = 9.0) -> None:
        """A batch ends so, again and again."""
        for _ in range(int(seconds / every)):
            self.now += every
            self.publisher._heard(None if code is None else KafkaError(code))


TIMED_OUT = KafkaError._MSG_TIMED_OUT


async def test_a_producer_that_delivers_nothing_although_kafka_answers_ends_its_part(
    mock_kafka: KafkaSettings,
) -> None:
    stuck = Stuck(mock_kafka)
    stuck.hears(TIMED_OUT, 60)
    assert not stuck.fatal
    stuck.hears(TIMED_OUT, 30)
    assert len(stuck.fatal) == 1
    await stuck.publisher.close(1)


async def test_a_producer_is_not_stuck_while_kafka_is_away_or_some_of_it_arrives_or_it_has_nothing_to_send(
    mock_kafka: KafkaSettings,
) -> None:
    away, slow, idle, refused = (
        Stuck(mock_kafka, answers=False),
        Stuck(mock_kafka),
        Stuck(mock_kafka),
        Stuck(mock_kafka),
    )
    away.hears(TIMED_OUT, 600)
    for _ in range(20):
        slow.hears(TIMED_OUT, 50)
        slow.hears(None, 9)
        idle.hears(TIMED_OUT, 3600, every=3600)
        idle.hears(None, 9)
    refused.hears(KafkaError.TOPIC_AUTHORIZATION_FAILED, 600)
    for one in (away, slow, idle, refused):
        assert not one.fatal
        await one.publisher.close(1)


async def test_over_the_budget_it_waits_and_then_says_so(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka, 10_000) as (publisher, ledger):
        assert await publisher.publish([record(1, 9_000)], 5) is None
        held = await publisher.publish([record(2, 2_000)], 0.05)
        assert held is not None
        assert (held.code, held.retry_after > 0) == ("overloaded", True)

        waiting = asyncio.create_task(publisher.publish([record(3, 2_000)], FOR_EVER))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        ledger.observe([{(TOPIC, at): (100, 100) for at in range(4)}])  # all of it was consumed
        assert await waiting is None


async def test_a_delivery_larger_than_the_budget_goes_in_pieces(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka, 10_000) as (publisher, ledger):
        stopped = threading.Event()

        def consume() -> None:
            while not stopped.wait(0.01):
                assert ledger.largest <= 10_000
                ledger.observe([{(TOPIC, at): (1000, 1000) for at in range(4)}])

        consuming = threading.Thread(target=consume)
        consuming.start()
        assert await publisher.publish([record(number, 1_000) for number in range(50)], 30) is None
        stopped.set()
        consuming.join()
    assert len(await asyncio.to_thread(stored, mock_kafka)) == 50


async def test_while_kafka_is_away_nothing_is_tried(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka) as (publisher, ledger):
        publisher.told(ConnectionError())
        held = await publisher.publish([record(1)], 5)
        assert held is not None
        assert held.code == "unavailable"
        assert ledger.largest == 0
        publisher.told(None)
        assert await publisher.publish([record(1)], 5) is None


async def test_a_topic_that_is_missing_is_named_with_the_command_that_makes_it(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka) as (publisher, _):
        publisher.told(TopicMissingError(without(["interactions.sms"])))
        held = await publisher.publish([record(1)], 5)
        assert held is not None
        assert held.message == "Kafka has no topic interactions.sms: `throughline topics create` makes what is missing"
        publisher.told(ConnectionError())
        held = await publisher.publish([record(1)], 5)
        assert held is not None
        assert held.message == "Kafka does not answer"


async def test_a_topic_that_was_deleted_just_now_is_named_too(
    mock_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with publishing(mock_kafka) as (publisher, _):
        monkeypatch.setattr(publisher, "_send", AsyncMock(return_value=KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        held = await publisher.publish([record(1)], 5)
        assert held is not None
        assert held.message.startswith(f"Kafka has no topic {TOPIC}: `throughline topics create`")


async def test_waiting_ends_when_kafka_goes_away(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka, 1_000) as (publisher, _):
        assert await publisher.publish([record(1, 900)], 5) is None
        waiting = asyncio.create_task(publisher.publish([record(2, 900)], 60))
        await asyncio.sleep(0.03)
        publisher.told(ConnectionError())
        held = await waiting
        assert held is not None
        assert held.code == "unavailable"


async def test_what_kafka_does_not_take_in_time_is_told_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "DELIVERY_MS", 100)
    async with publishing(KafkaSettings(bootstrap="127.0.0.1:1")) as (publisher, ledger):
        held = await publisher.publish([record(1)], 5)
        assert held is not None
        assert held.code == "unavailable"
        assert publisher.trouble is not None
        assert ledger.largest == 0


async def test_a_record_that_cannot_be_sent_at_all_is_told(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka, 1 << 30) as (publisher, ledger):
        held = await publisher.publish([record(1), record(2, 20 << 20), record(3)], 5)
        assert held is not None
        assert held.code == "unavailable"
        assert publisher.max_record < 8 << 20
        assert await publisher.publish([record(4)], 5) is None
        assert ledger.largest < 10_000


async def test_a_record_as_large_as_may_be_is_taken(mock_kafka: KafkaSettings) -> None:
    async with publishing(mock_kafka) as (publisher, _):
        assert await publisher.publish([record(1, publisher.max_record)], 5) is None


async def test_errors_that_end_the_producer_are_told_from_its_thread(mock_kafka: KafkaSettings) -> None:
    told: list[str] = []
    publisher = Publisher(mock_kafka, Ledger(1, PartitionBook()), metrics(), told.append)

    class Fatal:
        def fatal(self) -> bool:
            return True

        def name(self) -> str:
            return "_FATAL"

        def str(self) -> str:
            return "fenced"

    publisher.failed(Fatal())  # type: ignore[arg-type]  # as much of an error as is asked for
    assert told == ["_FATAL: fenced"]
    await publisher.close(1)


@given(st.lists(st.integers(0, 3000)), st.integers(1, 5000))
def test_pieces_hold_every_record_once_and_fit(sizes: list[int], limit: int) -> None:
    records = [record(number, size) for number, size in enumerate(sizes)]
    made = list(pieces(records, limit))
    assert [one for piece, _ in made for one in piece] == records
    for piece, size in made:
        assert size == sum(len(value) + OVERHEAD for _, _, value in piece)
        assert size <= limit or len(piece) == 1
