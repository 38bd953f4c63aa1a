"""The loop goes on with the partitions that it still has when one of an insert goes to another owner."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from prometheus_client import CollectorRegistry

from schemas.kafka.admin import admin_client
from schemas.kafka.clients import producer_config, sink_group
from schemas.settings import KafkaSettings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from sinks.assign import Positions
from sinks.consumer import consumer_settings
from sinks.lease import Rejections
from sinks.loop import Loop
from sinks.ranges import Range
from sinks.store import Refused
from sinks.tables import INTERACTIONS, Target
from tests.sinks.rows import interaction
from tests.sinks.running import send, until

TOPIC = Topics().timeline
PARTITIONS = range(4)


@dataclass
class Table:
    """Drops what comes again under a token; while the first insert of several ranges is under way, one moves."""

    moving: int | None = None
    moved: threading.Event = field(default_factory=threading.Event)
    tokens: Counter[str] = field(default_factory=Counter)
    stored: Counter[bytes] = field(default_factory=Counter)

    def insert(self, ranges: Sequence[Range]) -> Refused | None:
        if self.moving is None and len(ranges) > 1:
            self.moving = ranges[0].where.partition
            assert self.moved.wait(60)
        self.tokens[ranges[0].token] += 1
        if self.tokens[ranges[0].token] == 1:
            self.stored.update(value for batch in ranges for value in batch.values)
        return None


def revoking(loop: Loop, table: Table, turn: Callable[[], None]) -> None:
    """A turn of the loop, before which the consumer hears that the partition is another's."""
    if table.moving is not None and not table.moved.is_set():
        gone = [TopicPartition(TOPIC, table.moving)]
        loop._consumer.pause(gone)
        loop._revoked(loop._consumer, gone)
        table.moved.set()
    turn()


def behind(consumer: Consumer, without: int | None) -> int:
    """Records that are not committed, of all partitions but one."""
    found = consumer.committed(
        [TopicPartition(TOPIC, number) for number in PARTITIONS if number != without], timeout=30
    )
    return sum(consumer.get_watermark_offsets(at, timeout=30)[1] - max(0, at.offset) for at in found)


@contextmanager
def running(
    kafka: KafkaSettings,
    monkeypatch: pytest.MonkeyPatch,
    table: Table,
    each: Callable[[Loop, Callable[[], None]], None],
) -> Iterator[Consumer]:
    """A loop over the table, each of its turns made by `each`; yields a member of no group that sees its commits."""
    config, stop, metrics = producer_config(kafka, "test"), threading.Event(), Metrics(CollectorRegistry())
    loop = Loop(
        kafka,
        positions=Positions(kafka, admin_client(config), stop),
        tables={TOPIC: (Target(INTERACTIONS, b'{"subject":"'), table)},
        rejections=Rejections(Producer(config), Topics().rejected, metrics, lambda: False),
        metrics=metrics,
    )
    turn = loop._turn
    monkeypatch.setattr(loop, "_turn", lambda: each(loop, turn))
    thread = threading.Thread(target=loop.run, args=(stop, lambda: None))
    thread.start()
    reader = Consumer({**consumer_settings(kafka), "group.id": sink_group(kafka)})
    try:
        yield reader
    finally:
        stop.set()
        thread.join(60)
        reader.close()


@pytest.mark.slow
def test_the_others_of_an_insert_go_on_when_one_of_them_moves(
    mock_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, table = [interaction(number) for number in range(400)], Table()
    send(mock_kafka, TOPIC, values[:200])
    with running(mock_kafka, monkeypatch, table, lambda loop, turn: revoking(loop, table, turn)) as reader:
        until(table.moved.is_set, True)
        send(mock_kafka, TOPIC, values[200:])
        until(lambda: behind(reader, table.moving), 0)
    assert max(table.tokens.values()) > 1
    assert set(table.stored.values()) == {1}


class Slow(Table):
    """Takes nothing until the partitions have moved."""

    def insert(self, ranges: Sequence[Range]) -> Refused | None:
        assert self.moved.wait(60)
        return super().insert(ranges)


def losing(loop: Loop, table: Table, turn: Callable[[], None]) -> None:
    """A turn of the loop, before which a loop that is paused loses everything, goes on, and gets it back."""
    if loop._paused and not table.moved.is_set():
        gone = loop._assignment()
        loop._revoked(loop._consumer, gone)
        loop._consumer.incremental_unassign(gone)
        table.moved.set()
        while loop._held:
            turn()
        loop._assigned(loop._consumer, gone)
    turn()


@pytest.mark.slow
def test_what_was_paused_when_it_was_lost_flows_when_it_comes_back(
    mock_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.loop.BUDGET", 20_000)
    values, table = [interaction(number) for number in range(400)], Slow()
    send(mock_kafka, TOPIC, values)
    with running(mock_kafka, monkeypatch, table, lambda loop, turn: losing(loop, table, turn)) as reader:
        until(table.moved.is_set, True)
        until(lambda: behind(reader, None), 0)
    assert sum(table.stored.values()) == len(values)
