"""Parts are added, restarted one after the other, and removed, while interactions flow: none is lost or doubled."""

import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.beside import Load, exactly, is_ready, part
from tests.integration.running import install, part_pid, running
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.kafka, pytest.mark.timeout(600)]
PARTS = ("serve", "process", "resolve", "sink")


def restart(up: subprocess.Popen[bytes], name: str) -> None:
    """SIGTERM a part of `up`, which starts it again."""
    pid = part_pid(up, name)
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    until(lambda: part_pid(up, name) not in (None, pid))


def test_what_flows_while_parts_come_and_go_is_stored_once(kafka: str, tmp_path: Path) -> None:
    installation = install(tmp_path / "up", kafka, "rolling.")
    with running(installation) as up, ExitStack() as stack:
        more = {name: stack.enter_context(part(installation, name, tmp_path / "more")) for name in PARTS}
        load = Load([installation.http, more["serve"].http])
        with load.flowing():
            load.goes_on()
            for name in PARTS:
                restart(up, name)
                load.goes_on()
            until(lambda: is_ready(installation.http))
            for name in PARTS:
                more[name].stop()
                load.goes_on()
        assert not load.faults
        assert load.copies
        exactly(installation, load)
