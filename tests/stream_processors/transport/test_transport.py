from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.settings import KafkaSettings
from stream_processors.transport import Found, Start
from stream_processors.transport.start import GroupPositions
from tests.stream_processors.transport.worker import GROUP, Worker, send, until, working

TOPIC = "t"


@pytest.fixture
def quick_kafka(mock_kafka: KafkaSettings) -> KafkaSettings:
    """The mock does not see a consumer leave: only its session ends."""
    quick = {"session.timeout.ms": "4000", "heartbeat.interval.ms": "500"}
    return KafkaSettings.model_validate(mock_kafka.model_dump() | quick)


@contextmanager
def asking(kafka: KafkaSettings) -> Iterator[Consumer]:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": GROUP, "log_level": 2})
    yield consumer
    consumer.close()


def committed(kafka: KafkaSettings) -> list[int]:
    """Of each partition; 0 where there is none."""
    with asking(kafka) as consumer:
        places = consumer.committed([TopicPartition(TOPIC, number) for number in range(4)], timeout=10)
    return [max(0, place.offset) for place in places]


def numbers(begin: int, end: int) -> list[bytes]:
    return [str(number).encode() for number in range(begin, end)]


async def test_every_record_is_handed_over_once_and_committed(quick_kafka: KafkaSettings) -> None:
    send(quick_kafka, TOPIC, numbers(0, 5000))
    async with working(quick_kafka, TOPIC) as worker:
        await until(lambda: len(worker.offsets) == 5000)
        await until(lambda: sum(committed(quick_kafka)) == 5000)
        send(quick_kafka, TOPIC, numbers(5000, 5100))
        await until(lambda: len(worker.offsets) == 5100)
    assert sorted(worker.values) == sorted(numbers(0, 5100))
    assert len(set(worker.offsets)) == 5100
    assert sum(committed(quick_kafka)) == 5100
    assert worker.assignments == [{(TOPIC, number) for number in range(4)}]
    assert not worker.failures


@pytest.mark.slow
async def test_a_second_life_begins_where_the_first_had_finished(quick_kafka: KafkaSettings) -> None:
    send(quick_kafka, TOPIC, numbers(0, 1000), partition=0)
    async with working(quick_kafka, TOPIC, held=True, run_bytes=500) as first:
        await until(lambda: len(first.runs) > 3)
        first.runs[0].finish()
        first.runs[1].finish()
        finished = first.runs[1].end
    assert 0 < finished < 1000
    assert committed(quick_kafka)[0] == finished
    async with working(quick_kafka, TOPIC) as second:
        await until(lambda: len(second.offsets) == 1000 - finished)
    assert second.offsets == [(0, offset) for offset in range(finished, 1000)]


@pytest.mark.slow
async def test_runs_are_of_one_partition_in_order_and_bounded(quick_kafka: KafkaSettings) -> None:
    send(quick_kafka, TOPIC, [*(b"x" * 100 for _ in range(50)), b"y" * 5000, b"z"], partition=1)
    send(quick_kafka, TOPIC, [b"x" * 100 for _ in range(50)], partition=2)
    async with working(quick_kafka, TOPIC, run_bytes=1000) as worker:
        await until(lambda: len(worker.offsets) == 102)
    for run in worker.runs:
        assert {(record.topic(), record.partition()) for record in run.records} == {run.partition}
        assert run.size <= 1000 or len(run.records) == 1
    for partition, count in ((1, 52), (2, 50)):
        ends = [(run.start, run.end) for run in worker.runs if run.partition == (TOPIC, partition)]
        assert ends[0][0] == 0
        assert ends[-1][1] == count
        assert all(one[1] == other[0] for one, other in pairwise(ends))


@pytest.mark.slow
async def test_what_is_open_is_bounded_and_holding_back_loses_nothing(quick_kafka: KafkaSettings) -> None:
    values = [f"{number:06}".encode() * 20 for number in range(3000)]
    send(quick_kafka, TOPIC, values, partition=0)
    async with working(quick_kafka, TOPIC, held=True, run_bytes=5000, open_bytes=20_000) as worker:
        await until(lambda: worker.is_paused)
        assert len(worker.runs) < 80
        worker.release()
        await until(lambda: len(worker.offsets) == 3000)
    assert worker.values == values
    assert committed(quick_kafka)[0] == 3000


@pytest.mark.slow
async def test_two_workers_share_and_hand_over(quick_kafka: KafkaSettings) -> None:
    send(quick_kafka, TOPIC, numbers(0, 400))
    async with working(quick_kafka, TOPIC) as first:
        await until(lambda: len(first.offsets) == 400)
        async with working(quick_kafka, TOPIC) as second:
            await until(lambda: second.assignments and len(second.assignments[-1]) == 2)
            await until(lambda: len(first.assignments[-1]) == 2)
            send(quick_kafka, TOPIC, numbers(400, 800))
            await until(lambda: len(first.offsets) + len(second.offsets) >= 800)
        await until(lambda: len(first.assignments[-1]) == 4)
        send(quick_kafka, TOPIC, numbers(800, 1000))
        await until(lambda: len({*first.offsets, *second.offsets}) == 1000)
    # The mock refuses commits while a group rebalances, so what was done just before may come again: never less.
    # A real Kafka does not: test_handover.py.
    assert sorted(set(first.values + second.values)) == sorted(numbers(0, 1000))
    assert second.offsets


@pytest.mark.slow
async def test_a_run_that_is_open_when_its_partition_moves_cannot_be_committed(quick_kafka: KafkaSettings) -> None:
    send(quick_kafka, TOPIC, numbers(0, 10), partition=0)
    async with working(quick_kafka, TOPIC, held=True) as first:
        await until(lambda: first.runs)
        async with working(quick_kafka, TOPIC) as second:  # waits for the open run, then goes on without it
            await until(lambda: second.assignments and len(second.assignments[-1]) == 2)
            assert not first.runs[0].finish()
            await until(lambda: len(first.assignments) == 2)
            both: list[Worker] = [first, second]
            await until(lambda: sum(len(worker.offsets) for worker in both) == 20)
    assert first.runs[0].is_current is False


@pytest.mark.slow
async def test_the_lag_is_known(quick_kafka: KafkaSettings) -> None:
    send(quick_kafka, TOPIC, numbers(0, 10), partition=0)
    async with working(quick_kafka, TOPIC, held=True) as worker:
        assert worker.app is not None
        reader = worker.app.reader
        await until(lambda: reader.lags.get((TOPIC, 0)) == 10)
        await until(lambda: set(reader.progress.oldest()) == {(TOPIC, 0)})
        for run in worker.runs:
            run.finish()
        await until(lambda: reader.lags.get((TOPIC, 0)) == 0)
        assert reader.progress.oldest() == {}


@dataclass
class Declared:
    """Begins at 3 where there is a record, with a mark that is new at each assignment."""

    kafka: KafkaSettings
    found: list[Mapping[tuple[str, int], Found]] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)

    def find(self, found: Mapping[tuple[str, int], Found]) -> Mapping[tuple[str, int], Start]:
        self.found.append(found)
        mark = f"life={len(self.found)}"
        return {at: Start(3 if part.high else 0, mark=mark, is_declared=True) for at, part in found.items()}

    def begun(self) -> None:
        with asking(self.kafka) as consumer:
            places = consumer.committed([TopicPartition(TOPIC, number) for number in range(4)], timeout=10)
        self.marks = [(place.offset, place.metadata or "") for place in places]

    def withheld(self) -> frozenset[tuple[str, int]]:
        return frozenset()


class Ahead(GroupPositions):
    """Begins where its own store stands, at the end, beyond what the group has committed."""

    def find(self, found: Mapping[tuple[str, int], Found]) -> Mapping[tuple[str, int], Start]:
        return {at: Start(part.high, mark="life=2") for at, part in found.items()}


@pytest.mark.slow
async def test_who_begins_beyond_the_groups_commit_commits_that_although_nothing_comes(
    quick_kafka: KafkaSettings,
) -> None:
    send(quick_kafka, TOPIC, numbers(0, 10), partition=1)
    async with working(quick_kafka, TOPIC, held=True) as first:
        await until(lambda: first.runs)
    assert committed(quick_kafka) == [0, 0, 0, 0]
    async with working(quick_kafka, TOPIC, positions=Ahead(from_beginning=True)) as second:
        await until(lambda: committed(quick_kafka) == [0, 10, 0, 0])
    assert second.offsets == []


@dataclass
class Withheld:
    """Begins where the group has committed, and lets partition 1 wait until it is told."""

    waiting: frozenset[tuple[str, int]] = frozenset({(TOPIC, 1)})

    def find(self, found: Mapping[tuple[str, int], Found]) -> Mapping[tuple[str, int], Start]:
        return GroupPositions(from_beginning=True).find(found)

    def begun(self) -> None:
        pass

    def withheld(self) -> frozenset[tuple[str, int]]:
        return self.waiting


@pytest.mark.slow
async def test_a_partition_that_is_withheld_waits_while_others_flow(quick_kafka: KafkaSettings) -> None:
    positions = Withheld()
    for partition in (0, 1):
        send(quick_kafka, TOPIC, numbers(0, 500), partition=partition)
    async with working(quick_kafka, TOPIC, positions=positions, held=True, open_bytes=1000) as worker:
        await until(lambda: worker.is_paused)
        worker.release()
        await until(lambda: len(worker.offsets) == 500)
        assert {partition for partition, _ in worker.offsets} == {0}
        await until(lambda: worker.app is not None and worker.app.reader.lags.get((TOPIC, 1)) == 500)
        positions.waiting = frozenset()
        await until(lambda: len(worker.offsets) == 1000)
        assert [offset for partition, offset in worker.offsets if partition == 1] == list(range(500))


@pytest.mark.slow
async def test_who_decides_where_reading_begins_leaves_a_mark_with_every_commit(quick_kafka: KafkaSettings) -> None:
    positions = Declared(quick_kafka)
    send(quick_kafka, TOPIC, numbers(0, 10), partition=1)
    for life in ("life=1", "life=2"):
        async with working(quick_kafka, TOPIC, positions=positions) as worker:
            await until(lambda: len(worker.offsets) == 7)
        assert positions.marks == [(0, life), (3, life), (0, life), (0, life)]  # before the first record
        assert worker.offsets == [(1, offset) for offset in range(3, 10)]
    assert positions.found[0][TOPIC, 1] == Found(-1001, "", 0, 10)
    assert positions.found[1][TOPIC, 1] == Found(10, "life=1", 0, 10)
