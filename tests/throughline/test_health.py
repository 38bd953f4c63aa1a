"""The health check of containers."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from schemas.telemetry import Metrics
from tests.ports import free_port
from throughline import health


@pytest.fixture
def listen() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def metrics(listen: str) -> Iterator[Metrics]:
    metrics = Metrics()
    stop: Callable[[], None] = metrics.serve(listen)
    yield metrics
    stop()


def test_a_part_that_works_has_no_fault(metrics: Metrics, listen: str) -> None:
    metrics.ready.set(1)
    assert health.fault(listen) is None
    assert health.fault(listen.replace("127.0.0.1", "0.0.0.0")) is None


def test_one_that_waits_has(metrics: Metrics, listen: str) -> None:
    metrics.ready.set(0)
    assert "waits" in (health.fault(listen) or "")


def test_one_that_is_not_there_has(listen: str) -> None:
    assert "does not answer" in (health.fault(listen) or "")


@pytest.mark.parametrize("ready", [0, 1])
def test_the_command_asks_where_metrics_are(metrics: Metrics, listen: str, ready: int) -> None:
    metrics.ready.set(ready)
    done = subprocess.run(
        [sys.executable, "-m", "throughline.health"],
        env={health.VARIABLE: listen},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 - ready
    assert bool(done.stdout) == (not ready)
