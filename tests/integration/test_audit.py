"""`throughline audit` on the embedded stack: while it runs, when it is down, and over its starts."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.integration.running import Installation, install, running

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(300)]


def audit(installation: Installation, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    """Exit status, and the objects of its output."""
    done = subprocess.run(
        [sys.executable, "-m", "throughline", "audit", "--json", *arguments],
        env=installation.environment, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, [orjson.loads(line) for line in done.stdout.splitlines()]


def counts(rows: list[dict[str, object]]) -> dict[str, object]:
    """The totals."""
    [total] = [row for row in rows if row["what"] == "total"]
    return {name: total[name] for name in total if name not in ("what", "at")}


def messages(count: int) -> list[dict[str, object]]:
    return [{"type": "track", "userId": f"u{n % 7}", "event": "Seen", "messageId": f"m-{n}"} for n in range(count)]


def test_each_start_adds_to_the_ledger_and_the_audit_is_clean_while_it_runs_and_afterwards(tmp_path: Path) -> None:
    installation = install(tmp_path)
    nobody: dict[str, object] = {"type": "track", "event": "Nobody", "messageId": "nobody"}
    with running(installation):
        installation.send([*messages(50), nobody])
        installation.send(messages(10))
        installation.until("SELECT count() AS n FROM fates", {"n": 60})
        status, rows = audit(installation)
        once = {"stored": 50, "duplicate": 10, "rejected": 0, "missing": 0, "doubled": 0, "rejected_before_kafka": 1}
        assert (status, counts(rows)) == (0, {**once, "accepted": 60, "in_flight": 0})
    assert counts(audit(installation)[1]) == {**once, "accepted": 60, "in_flight": 0}
    with running(installation):
        installation.send(messages(55))
    status, rows = audit(installation)
    assert (status, counts(rows)) == (0, {**once, "stored": 55, "duplicate": 60, "accepted": 115, "in_flight": 0})
    ids = {row["raw_topic_id"] for row in rows if row["what"] == "partition"}
    assert len(ids) == 2  # the offsets of the second start are those of another topic
