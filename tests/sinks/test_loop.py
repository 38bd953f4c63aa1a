"""What the loop does when partitions are assigned, without Kafka and ClickHouse."""

from typing import Literal, cast
from uuid import UUID

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.settings import KafkaSettings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from sinks.assign import Positions
from sinks.lease import Rejections
from sinks.loop import Loop
from sinks.ranges import Start
from sinks.store import Refused
from sinks.tables import targets

NOWHERE = KafkaSettings(bootstrap="127.0.0.1:1")
TOPIC = Topics().timeline


class Begins:
    """Every partition begins with what it is told."""

    def __init__(self, start: Start) -> None:
        self._start = start

    def of(self, _: object, partitions: list[TopicPartition]) -> list[tuple[UUID, TopicPartition, Start]]:
        return [(UUID(int=1), at, self._start) for at in partitions]


class Takes:
    """A consumer and a table that take everything; `assigned` are the partitions, `committed` the positions."""

    def __init__(self) -> None:
        self.assigned: list[TopicPartition] = []
        self.committed: list[TopicPartition] = []

    def commit(self, *, offsets: list[TopicPartition], asynchronous: Literal[True]) -> None:
        self.committed += offsets

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned += partitions

    def resume(self, partitions: list[TopicPartition]) -> None:
        """Nothing is paused here."""

    def insert(self, _: object) -> Refused | None:
        return None


@pytest.mark.parametrize(("start", "lost"), [(Start(7, 7), 0), (Start(9, 9, lost="offsets 7 to 8 were deleted"), 2)])
def test_records_that_were_lost_are_counted_and_reading_goes_on(start: Start, lost: int) -> None:
    metrics, takes = Metrics(), Takes()
    loop = Loop(
        NOWHERE,
        positions=cast("Positions", Begins(start)),
        tables={topic: (target, takes) for topic, target in targets(Topics()).items()},
        rejections=Rejections(
            Producer({"bootstrap.servers": NOWHERE.bootstrap}), Topics().rejected, metrics, lambda: False
        ),
        metrics=metrics,
    )
    loop._consumer = cast("Consumer", takes)
    loop._assigned(loop._consumer, [TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)])
    labels = {"group": "throughline-sink", "topic": TOPIC}
    assert metrics.registry.get_sample_value("throughline_positions_lost_total", labels) == (lost or None)
    assert [(at.partition, at.offset) for at in takes.assigned] == [(0, start.read_from), (1, start.read_from)]
    loop._settle()
    passed = [(0, 9, ""), (1, 9, "")] if lost else []  # else nobody who waits for the sink would ever see it pass them
    assert [(at.partition, at.offset, at.metadata) for at in takes.committed] == passed
