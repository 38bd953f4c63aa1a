"""`throughline status` beside a running `up`: all is well, a part hangs, one was killed, nothing runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from tests.integration.running import Installation, install, kill, part_pid, running
from tests.ports import free_ports
from tests.waiting import PATIENCE_S
from throughline.stack import METRICS_PORTS

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(300)]


def status(installation: Installation) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-m", "throughline", "status", "--json"],
        env=installation.environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    return done.returncode, [orjson.loads(line) for line in done.stdout.splitlines()]


def until(installation: Installation, code: int) -> list[dict[str, object]]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        got, rows = status(installation)
        if got == code or time.monotonic() > deadline:
            assert got == code, rows
            return rows


def test_status_leads_to_the_part_that_hangs_and_to_the_one_that_was_killed(tmp_path: Path) -> None:
    installation = install(tmp_path, metrics_port=free_ports(len(METRICS_PORTS)))
    with running(installation) as up:
        installation.send([{"type": "track", "userId": "ada", "event": "Seen", "messageId": "1"}])
        installation.until("SELECT count() AS n FROM timeline", {"n": 1})
        rows = until(installation, 0)
        assert {row["part"]: row["state"] for row in rows if "part" in row} == dict.fromkeys(
            ("serve", "process", "resolve", "sink"), "up"
        )
        assert [row["source"] for row in rows if "seconds_behind" in row] == ["web"]
        pid = part_pid(up, "sink")
        assert pid
        os.kill(pid, signal.SIGSTOP)
        try:
            rows = until(installation, 1)
            assert [row["read"] for row in rows if "wrong" in row] == ["docs/runbook.md#partdown"]
            assert [row["part"] for row in rows if row.get("state") == "down"] == ["sink"]
        finally:
            os.kill(pid, signal.SIGCONT)
        rows = until(installation, 0)
        assert [row for row in rows if "others" in row] == [{"source": "web", "accepted": 1, "others": None}]
        assert kill(up, "sink")
        told_by_next = {"part": "sink", "state": "up", "last": "error: last_run_killed"}
        while not any(told_by_next.items() <= row.items() for row in rows):
            rows = until(installation, 1)
        assert "docs/runbook.md#partrestarting" in {row.get("read") for row in rows}
    assert {row["state"] for row in until(installation, 1) if "part" in row} == {"down"}
