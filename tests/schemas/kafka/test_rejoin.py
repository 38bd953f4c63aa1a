"""Who lost the session and does not come back is stuck only while Kafka answers."""

from typing import cast

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.kafka.rejoin import Rejoin
from schemas.kafka.stuck import PATIENCE_S, Patience, StuckError


class Member:
    """A consumer whose Kafka answers or does not, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.answers = True
        self.told: list[str] = []
        self.rejoin = Rejoin(Patience(lambda: self.answers, lambda: self.now))
        self.consumer = cast("Consumer", self)

    def lose(self) -> None:
        self.rejoin.lost(lambda *_: self.told.append("lost"))(self.consumer, [TopicPartition("t", 0)])

    def join(self) -> None:
        self.rejoin.joined(lambda *_: self.told.append("joined"))(self.consumer, [])

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.now += 1
            self.rejoin.check()


def test_who_never_lost_anything_is_not_stuck() -> None:
    member = Member()
    member.join()
    member.wait(10 * PATIENCE_S)
    assert member.told == ["joined"]


def test_who_does_not_come_back_although_kafka_answers_is_stuck() -> None:
    member = Member()
    member.lose()
    member.wait(2 * PATIENCE_S - 1)
    with pytest.raises(StuckError):
        member.wait(2)
    assert member.told == ["lost"]


def test_while_kafka_is_away_nobody_can_come_back() -> None:
    member = Member()
    member.lose()
    member.answers = False
    member.wait(10 * PATIENCE_S)
    member.answers = True
    member.wait(PATIENCE_S)
    member.join()
    member.wait(10 * PATIENCE_S)


def test_each_loss_has_its_own_time() -> None:
    member = Member()
    for _ in range(3):
        member.lose()
        member.wait(2 * PATIENCE_S - 1)
        member.join()
