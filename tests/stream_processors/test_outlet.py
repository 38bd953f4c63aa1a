from collections.abc import Iterator
from itertools import count
from typing import cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.kafka.stuck import PATIENCE_S, Patience, StuckError
from schemas.settings import ConfigurationError, KafkaSettings
from stream_processors.outlet import DeliveryError, Outlet, outlet_config


def test_what_was_flushed_is_in_kafka(mock_kafka: KafkaSettings) -> None:
    outlet = Outlet(mock_kafka)
    outlet.send("t", [(b"key", str(number).encode()) for number in range(100)])
    assert outlet.flush(lambda: False)
    outlet.close()
    consumer = Consumer({"bootstrap.servers": mock_kafka.bootstrap, "group.id": "-"})
    marks = [consumer.get_watermark_offsets(TopicPartition("t", number), timeout=10) for number in range(4)]
    consumer.close()
    assert sum(high for _, high in marks) == 100
    assert sorted(high for _, high in marks) == [0, 0, 0, 100]  # one key, one partition


def test_an_output_goes_to_the_partition_that_is_named(mock_kafka: KafkaSettings) -> None:
    outlet = Outlet(mock_kafka)
    outlet.send_to("t", [(partition, b"key", b"value") for partition in (0, 2, 2)])
    assert outlet.flush(lambda: False)
    outlet.close()
    consumer = Consumer({"bootstrap.servers": mock_kafka.bootstrap, "group.id": "-"})
    marks = [consumer.get_watermark_offsets(TopicPartition("t", number), timeout=10)[1] for number in range(4)]
    consumer.close()
    assert marks == [1, 0, 2, 0]


def test_a_refused_output_is_raised() -> None:
    outlet = Outlet(KafkaSettings.model_validate({"bootstrap": "127.0.0.1:1", "message.timeout.ms": "50"}))
    outlet.send("t", [(b"k", b"v")])
    with pytest.raises(DeliveryError, match="1 outputs were refused, the first with _MSG_TIMED_OUT"):
        outlet.flush(lambda: False)
    outlet.close()


def test_an_absent_kafka_is_waited_for_until_given_up() -> None:
    outlet = Outlet(KafkaSettings(bootstrap="127.0.0.1:1"))
    outlet.send("t", [(b"k", b"v")])
    asked = iter([False, True])
    assert not outlet.flush(lambda: next(asked))
    outlet.close()


def test_a_producer_that_delivers_nothing_although_kafka_answers_is_stuck() -> None:
    seconds = count(step=10)
    asked: list[int] = []

    def answers() -> bool:
        asked.append(next(seconds))
        return True

    outlet = Outlet(KafkaSettings(bootstrap="127.0.0.1:1"), patience=Patience(answers, lambda: next(seconds)))
    outlet.send("t", [(b"k", b"v")])
    with pytest.raises(StuckError, match="Kafka answers, and has taken no output"):
        outlet.flush(lambda: False)
    assert len(asked) == 2
    assert asked[1] - asked[0] >= PATIENCE_S
    outlet.close()


def test_while_kafka_answers_nobody_no_producer_is_stuck() -> None:
    hours, slices = count(step=3600), iter([False] * 5 + [True])
    outlet = Outlet(KafkaSettings(bootstrap="127.0.0.1:1"), patience=Patience(lambda: False, lambda: next(hours)))
    outlet.send("t", [(b"k", b"v")])
    assert not outlet.flush(lambda: next(slices))
    outlet.close()


class Slow:
    """A producer that has so many outputs left after each slice, and a clock: a slice takes 45 seconds."""

    def __init__(self, left: Iterator[int]) -> None:
        self.left = left
        self.now = 0.0

    def __len__(self) -> int:
        return 10

    def flush(self, _: float) -> int:
        self.now += 1.5 * PATIENCE_S
        return next(self.left)


@pytest.mark.parametrize(("left", "is_stuck"), [((9, 9, 8, 8, 7, 0), False), ((9, 9, 9, 9, 9, 0), True)])
def test_whoever_delivers_something_now_and_then_is_slow_and_not_stuck(
    left: tuple[int, ...], *, is_stuck: bool
) -> None:
    slow = Slow(iter(left))
    outlet = Outlet(KafkaSettings(bootstrap="127.0.0.1:1"), patience=Patience(lambda: True, lambda: slow.now))
    producer, outlet._producer = outlet._producer, cast("Producer", slow)
    if is_stuck:
        with pytest.raises(StuckError):
            outlet.flush(lambda: False)
    else:
        outlet.flush(lambda: False)
    producer.close()


def test_what_exactly_once_leans_on_cannot_be_set() -> None:
    with pytest.raises(ConfigurationError):
        outlet_config(KafkaSettings.model_validate({"bootstrap": "h:1", "acks": "1"}))
    config = outlet_config(KafkaSettings.model_validate({"bootstrap": "h:1", "security": {"protocol": "ssl"}}))
    assert (config["security.protocol"], config["enable.idempotence"]) == ("ssl", True)
    assert config["message.timeout.ms"] == 0
