"""An assignment that comes when the work has ended is answered, and begins nothing."""

from pathlib import Path
from typing import NoReturn

import pytest
from prometheus_client import CollectorRegistry

from schemas.disk import Disk
from schemas.telemetry import Metrics
from stream_processors.answers import EndedError
from stream_processors.catch_up import CatchUp
from stream_processors.past import Past
from stream_processors.store import Store
from stream_processors.transport.start import Found, GroupPositions

AT = ("interactions.web", 0)


def past() -> Past:
    pytest.fail("nothing is read")


def ended(_: object) -> dict[tuple[str, int], Store]:
    raise EndedError


def fail(error: BaseException) -> NoReturn:
    raise error


def test_a_partition_that_is_found_when_the_work_has_ended_is_nobodys_fault(tmp_path: Path) -> None:
    behind = CatchUp(
        GroupPositions(from_beginning=True), past, ended, Disk(tmp_path, 0),
        window=1, channels={}, metrics=Metrics(CollectorRegistry()), fail=fail,
    )  # fmt: skip
    starts = behind.find({AT: Found(committed=5, mark="", low=0, high=9)})
    assert starts[AT].offset == 5
    assert behind.withheld() == frozenset()
