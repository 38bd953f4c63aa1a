"""A worker ends in the moment in which a partition comes to it."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from unittest.mock import Mock

import pytest
from confluent_kafka import KafkaException
from prometheus_client import CollectorRegistry

from schemas.disk import Disk
from schemas.telemetry import Metrics
from stream_processors.catch_up import CatchUp
from stream_processors.transport import Found
from stream_processors.transport.start import GroupPositions
from tests.waiting import PATIENCE_S

AT = ("interactions.web", 0)


def test_the_end_waits_for_a_thread_that_is_about_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starting, go, start = threading.Event(), threading.Event(), threading.Thread.start

    def slowly(thread: threading.Thread) -> None:
        if thread.name == "catch-up":
            starting.set()
            assert go.wait(PATIENCE_S)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", slowly)
    past, failed = Mock(), Mock()
    past.since.side_effect = KafkaException("away: it would try for ever")
    behind = CatchUp(
        GroupPositions(from_beginning=True),
        lambda: past,
        lambda asked: {at: Mock(position=None) for at in asked},
        Disk(tmp_path, 0),
        window=1,
        channels={AT[0]: "web"},
        metrics=Metrics(CollectorRegistry()),
        fail=failed,
    )
    with ThreadPoolExecutor(2) as threads:
        finding = threads.submit(behind.find, {AT: Found(committed=5, mark="", low=0, high=9)})
        assert starting.wait(PATIENCE_S)
        ending = threads.submit(behind.end)
        done = wait([ending], 0.2).done
        go.set()
        assert not done  # a thread that has not started cannot be waited for
        ending.result(PATIENCE_S)
        finding.result(PATIENCE_S)
    assert past.close.called
    assert not failed.called
    assert behind.withheld() == frozenset()
