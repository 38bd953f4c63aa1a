"""A lap leaves no positions behind, however it ended."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.contest import groups
from benchmarks.contest.watch import LapFailedError

TOPIC = "left-behind"
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def bootstrap(kafka: str) -> str:
    """A broker that has the topic."""
    admin = AdminClient({"bootstrap.servers": kafka})  # without a name it would be gone before the topic is made
    [created] = admin.create_topics([NewTopic(TOPIC, 1, 1)]).values()
    created.result()
    return kafka


@pytest.fixture
def group() -> str:
    return str(uuid4())


@pytest.fixture
def member(bootstrap: str, group: str) -> Iterator[Consumer]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    yield consumer
    consumer.close()


def test_positions_are_forgotten_and_a_group_that_never_was_is_as_good(
    bootstrap: str, group: str, member: Consumer
) -> None:
    member.commit(offsets=[TopicPartition(TOPIC, 0, 7)], asynchronous=False)
    groups.forget(bootstrap, group)
    [found] = member.committed([TopicPartition(TOPIC, 0)], PATIENCE_S)
    assert found.offset < 0
    groups.forget(bootstrap, group)


def test_a_group_that_keeps_its_member_fails_the_lap(
    bootstrap: str, group: str, member: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    member.subscribe([TOPIC])
    deadline = time.monotonic() + PATIENCE_S
    while not member.assignment():
        assert time.monotonic() < deadline
        member.poll(0.1)
    monkeypatch.setattr(groups, "_LEFT_S", 0.0)
    with pytest.raises(LapFailedError, match="could not be cleaned"):
        groups.forget(bootstrap, group)
