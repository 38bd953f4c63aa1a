"""The embedded broker drops what it cannot hold, without a word: the budget holds senders back before."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.beside import Load, exactly
from tests.integration.running import install, kill, part_pid, running

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(600)]


@contextmanager
def standing_still(up: subprocess.Popen[bytes], part: str) -> Iterator[None]:
    """A part that is there and does nothing."""
    pid = part_pid(up, part)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_at_full_speed_with_any_part_standing_still_or_killed_nothing_is_dropped(tmp_path: Path) -> None:
    installation = install(tmp_path)
    with running(installation) as up:
        load = Load([installation.http], filler=3000)
        with load.flowing():
            load.goes_on()
            for part in ("sink", "process", "resolve"):
                with standing_still(up, part):
                    load.is_held_back()
                load.goes_on()
                assert kill(up, part)
                load.goes_on()
        assert not load.faults
        exactly(installation, load)
    log = (tmp_path / "up.log").read_text()
    assert "position_fell_out_of_range" not in log
    assert "records_lost" not in log
