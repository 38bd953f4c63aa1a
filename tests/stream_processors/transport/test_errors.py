import pytest
from confluent_kafka import KafkaError

from stream_processors.transport.errors import LOST, is_passing


@pytest.mark.parametrize(
    "code", [KafkaError._ALL_BROKERS_DOWN, KafkaError._MAX_POLL_EXCEEDED, KafkaError.NOT_COORDINATOR]
)
def test_a_broker_that_comes_back_is_waited_for(code: int) -> None:
    assert is_passing(KafkaError(code))


@pytest.mark.parametrize(
    "code",
    [KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._AUTO_OFFSET_RESET, KafkaError._BAD_MSG, KafkaError._FATAL],
)
def test_what_does_not_pass_by_itself_is_raised(code: int) -> None:
    assert not is_passing(KafkaError(code))


def test_what_is_fatal_never_passes() -> None:
    assert not is_passing(KafkaError(KafkaError._TRANSPORT, "gone", True))


def test_a_lost_partition_is_no_fault() -> None:
    assert KafkaError.ILLEGAL_GENERATION in LOST
