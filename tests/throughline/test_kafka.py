"""Somebody who waits at a terminal is soon told that Kafka is not there."""

import socket
import time
from collections.abc import Iterator

import pytest

from schemas.settings import KafkaSettings
from tests.ports import free_port
from throughline.failures import Failed
from throughline.kafka import ANSWER_S, asking

SLOWLY_S = 5.0  # what a busy machine may add


@pytest.fixture(params=["nobody listens", "nobody answers"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1] if request.param == "nobody answers" else free_port()


def test_a_kafka_that_is_not_there_is_told_within_five_seconds(port: int) -> None:
    assert ANSWER_S < 5
    began = time.monotonic()
    with pytest.raises(Failed, match=f"kafka at 127.0.0.1:{port}: .*is it running"):  # noqa: SIM117  what is timed
        with asking(KafkaSettings(bootstrap=f"127.0.0.1:{port}"), "cli"):
            raise AssertionError
    assert time.monotonic() - began < ANSWER_S + SLOWLY_S
