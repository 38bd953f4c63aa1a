"""Parts are added, restarted one after the other, and removed, while interactions flow: none is lost or doubled."""

import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.beside import Load, is_ready, part
from tests.integration.running import Installation, install, part_pid, running
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.kafka, pytest.mark.timeout(600)]
PARTS = ("serve", "process", "resolve", "sink")


def restart(up: subprocess.Popen[bytes], name: str) -> None:
    """SIGTERM a part of `up`, which starts it again."""
    pid = part_pid(up, name)
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    until(lambda: part_pid(up, name) not in (None, pid))


def exactly(installation: Installation, load: Load) -> None:
    installation.until(
        """
        SELECT
            (SELECT count() FROM timeline) AS rows,
            (SELECT uniqExact(message_id) FROM timeline) AS ids,
            (SELECT uniqExact((raw_topic_id, raw_partition, raw_offset)) FROM fates WHERE fate = 'stored') AS stored,
            (SELECT uniqExact((raw_topic_id, raw_partition, raw_offset)) FROM fates WHERE fate = 'duplicate') AS copies,
            (SELECT countIf(n > 1) FROM
                (SELECT uniqExact(fate) AS n FROM fates GROUP BY raw_topic_id, raw_partition, raw_offset)) AS torn
        """,
        {"rows": len(load.accepted), "ids": len(load.accepted), "stored": len(load.accepted), "copies": load.copies,
         "torn": 0},
    )  # fmt: skip


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
