"""What comes of the sink's consumer."""

import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from schemas.settings import KafkaSettings
from sinks.consumer import consumer_settings, runs_of
from sinks.errors import FatalError

NOWHERE = KafkaSettings(bootstrap="127.0.0.1:1")


def record(partition: int, offset: int, stamp: int = 1000) -> Message:
    return Message(topic="t", partition=partition, offset=offset, value=b"%d" % offset, timestamp=(1, stamp))


def failure(code: int, *, fatal: bool = False) -> Message:
    return Message(topic="t", partition=3, error=KafkaError(code, "no", fatal=fatal))


def test_records_come_apart_by_partition_in_their_order() -> None:
    runs = runs_of([record(0, 5, 1500), record(1, 9), record(0, 7, 2000)])
    assert {key: (list(run.offsets), run.values, run.written) for key, run in runs.items()} == {
        ("t", 0): ([5, 7], [b"5", b"7"], 1.5),
        ("t", 1): ([9], [b"9"], 1.0),
    }


def test_a_warning_among_records_costs_none_of_them() -> None:
    assert list(runs_of([record(0, 1), failure(KafkaError._TRANSPORT), record(0, 2)])["t", 0].offsets) == [1, 2]


def test_a_position_that_is_gone_and_what_is_fatal_stop_the_sink() -> None:
    with pytest.raises(FatalError, match=r"the position in t \[3\] is gone"):
        runs_of([failure(KafkaError._AUTO_OFFSET_RESET)])
    with pytest.raises(KafkaException):
        runs_of([failure(KafkaError._FATAL, fatal=True)])


def test_a_position_that_is_gone_is_told_instead_of_begun_anew() -> None:
    settings = consumer_settings(NOWHERE)
    assert settings["auto.offset.reset"] == "error"
    assert settings["partition.assignment.strategy"] == "cooperative-sticky"
    with_kip_848 = consumer_settings(KafkaSettings(bootstrap="127.0.0.1:1", **{"group.protocol": "consumer"}))
    assert "partition.assignment.strategy" not in with_kip_848
