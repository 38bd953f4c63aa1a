"""Commits: one request under way, answered when Kafka has it, asked again while the partition is ours."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from sinks import commits
from sinks.commits import Commits, Step
from sinks.errors import FatalError, LostError
from sinks.ranges import Where

WHERE = Where("t", UUID(int=1), 0)


@dataclass
class Owner:
    is_lost: bool = False


@dataclass
class Consumer:
    """What was sent."""

    sent: list[list[TopicPartition]] = field(default_factory=list)
    refuses: bool = False

    def commit(self, *, offsets: list[TopicPartition], asynchronous: Literal[True]) -> None:
        if self.refuses:
            raise KafkaException(KafkaError(KafkaError._STATE))
        self.sent.append(offsets)


def step(position: int, mark: str = "", partition: int = 0, owner: Owner | None = None) -> Step:
    return Step(owner or Owner(), Where("t", UUID(int=1), partition), position, mark)


def turn(made: Commits, consumer: Consumer, error: KafkaError | None = None) -> None:
    """Send what waits, and answer it."""
    made.send(consumer)
    made.answered(error, consumer.sent[-1])


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "RETRY_S", 0.0)


def test_requests_go_together_and_wait_for_the_answer() -> None:
    made, consumer = Commits(), Consumer()
    first = made.ask([step(5, "pending")])
    second = made.ask([step(6, partition=1)])
    made.send(consumer)
    third = made.ask([step(7, partition=2)])
    made.send(consumer)
    assert [[(at.partition, at.offset, at.metadata) for at in sent] for sent in consumer.sent] == [
        [(0, 5, "pending"), (1, 6, "")]
    ]
    assert not first.done()
    made.answered(None, consumer.sent[0])
    assert first.done()
    assert second.done()
    assert not third.done()
    turn(made, consumer)
    assert third.done()
    assert made.is_idle


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("refuses", [True, False])
def test_what_fails_is_asked_again_until_the_partition_is_lost(refuses: bool) -> None:
    made, consumer, owner = Commits(), Consumer(refuses=refuses), Owner()
    done = made.ask([Step(owner, WHERE, 5, "")])
    for _ in range(3):
        made.send(consumer)
        made.answered(KafkaError(KafkaError.ILLEGAL_GENERATION), [])
        assert not done.done()
    owner.is_lost = True
    made.send(consumer)
    assert isinstance(done.exception(0), LostError)


def test_what_can_never_succeed_is_fatal() -> None:
    made, consumer = Commits(), Consumer()
    done = made.ask([step(5)])
    turn(made, consumer, KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))
    assert isinstance(done.exception(0), FatalError)


@pytest.mark.usefixtures("at_once")
def test_what_is_asked_together_is_done_or_lost_together() -> None:
    made, consumer, owner = Commits(), Consumer(), Owner()
    done = made.ask([step(5), step(6, partition=1, owner=owner)])
    made.send(consumer)
    assert [len(sent) for sent in consumer.sent] == [2]
    owner.is_lost = True
    made.answered(KafkaError(KafkaError.REBALANCE_IN_PROGRESS), consumer.sent[0])
    assert not done.done()
    made.send(consumer)
    assert len(consumer.sent) == 1
    assert isinstance(done.exception(0), LostError)


@pytest.mark.usefixtures("at_once")
def test_what_is_asked_of_one_partition_keeps_its_order() -> None:
    made, consumer = Commits(), Consumer()
    first = made.ask([step(5)])
    other = made.ask([step(1, partition=1)])
    second = made.ask([step(5, "pending")])
    turn(made, consumer, KafkaError(KafkaError.REBALANCE_IN_PROGRESS))
    turn(made, consumer)
    assert first.done()
    assert other.done()
    assert not second.done()
    turn(made, consumer)
    assert second.done()
    assert [[(at.partition, at.metadata) for at in sent] for sent in consumer.sent] == [
        [(0, ""), (1, "")], [(0, ""), (1, "")], [(0, "pending")]
    ]  # fmt: skip
