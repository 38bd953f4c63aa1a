"""The embedded stack: what was accepted stands there once, also after everything was started again."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.running import Installation, install, running

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(300)]

COUNTS = """
SELECT
    (SELECT count() FROM timeline) AS stored,
    (SELECT uniqExact(event_id) FROM timeline) AS ids,
    (SELECT count() FROM duplicates) AS duplicates,
    (SELECT count() FROM rejected) AS rejected,
    (SELECT uniqExact((raw_topic_id, raw_partition, raw_offset)) FROM fates) AS positions,
    (SELECT max(n) FROM
        (SELECT uniqExact(fate) AS n FROM fates GROUP BY raw_topic_id, raw_partition, raw_offset)) AS most
"""


def _messages(count: int) -> list[dict[str, object]]:
    return [
        {"type": "track", "userId": f"u{n % 7}", "event": "Seen", "messageId": f"m-{n}", "properties": {"n": n}}
        for n in range(count)
    ]


def test_a_new_start_keeps_the_timeline_and_knows_the_copies_of_before(tmp_path: Path) -> None:
    installation = install(tmp_path)
    with running(installation):
        first = installation.send(_messages(50))
        installation.send([*_messages(50), {"type": "track", "event": "Nobody", "messageId": "nobody"}])
        once = {"stored": 50, "ids": 50, "duplicates": 50, "rejected": 1, "positions": 100, "most": 1}
        installation.until(COUNTS, once)
        books = {"accepted": 100, "stored": 50, "duplicate": 50, "rejected_before_kafka": 1}
        assert audited(installation) == CLEAN | books
    assert [receipt["status"] for receipt in first] == ["accepted"] * 50
    assert installation.rows(COUNTS) == [once]  # without `up`, the command opens the store itself
    with running(installation):
        again = installation.send(_messages(60))
        installation.until(COUNTS, {**once, "stored": 60, "ids": 60, "duplicates": 100, "positions": 160})
    assert [r["event_id"] for r in again[:50]] == [r["event_id"] for r in first]
    [copy] = installation.rows("SELECT count() AS n FROM duplicates WHERE first_topic_id != raw_topic_id")
    assert copy["n"] == 50  # the copies of the second run name the positions of the first
    whole = {"accepted": 160, "stored": 60, "duplicate": 100}  # without `up`, marks say what its brokers had accepted
    assert audited(installation) == CLEAN | books | whole
    lost = (
        "ALTER TABLE interactions_fates DELETE WHERE raw_partition = 0 AND raw_offset = 0 SETTINGS mutations_sync = 2"
    )
    installation.rows(lost)
    status, rows = installation.audit()
    assert (status, [row["first_offset"] for row in rows if row["what"] == "missing"]) == (1, [0, 0])  # of each start


CLEAN = {"rejected": 0, "in_flight": 0, "missing": 0, "doubled": 0}


def audited(installation: Installation) -> dict[str, object]:
    """The totals of an audit that found nothing wanting."""
    status, rows = installation.audit()
    [total] = [row for row in rows if row["what"] == "total"]
    assert status == 0, rows
    return {name: count for name, count in total.items() if isinstance(count, int)}


def test_a_second_one_over_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    installation = install(tmp_path)
    with running(installation):
        second = subprocess.run(
            [sys.executable, "-m", "throughline", "up"],
            env=installation.environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert second.returncode == 1
        assert "another `throughline up` runs over" in second.stderr
        assert "Traceback" not in second.stderr
        assert (tmp_path / "data/broker.json").exists()
        installation.send(_messages(1))
        installation.until("SELECT count() AS n FROM timeline", {"n": 1})


def test_the_same_id_with_other_content_is_kept_as_a_conflict(tmp_path: Path) -> None:
    installation = install(tmp_path)
    with running(installation):
        installation.send(_messages(1))
        installation.until("SELECT count() AS n FROM timeline", {"n": 1})
        installation.send([{**_messages(1)[0], "event": "Unseen"}])
        installation.until(
            "SELECT count() AS n, any(reason) AS reason FROM rejected", {"n": 1, "reason": "id_conflict"}
        )
    assert installation.rows("SELECT count() AS n FROM timeline") == [{"n": 1}]
