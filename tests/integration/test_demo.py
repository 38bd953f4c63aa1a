"""The demo, as a new user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(180)]


def test_the_demo_prints_one_timeline_of_four_channels(tmp_path: Path) -> None:
    environment = {**os.environ, "THROUGHLINE_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "throughline", "demo"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table, _, why = done.stdout.partition("One customer, asked for as")[2].partition("How it knows")
    for channel in ("web", "social", "call_center", "email"):
        assert channel in table
    assert done.stderr == ""
    assert "where is my order" in table
    assert "one customer, profile" in why
    assert all(kind in why for kind in ("contact facts", "device facts", "account facts"))
