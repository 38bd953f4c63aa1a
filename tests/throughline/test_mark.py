"""A run that was cut off is told by the next one, and only that."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from throughline.mark import marked

HOLD = """
import sys, time
from pathlib import Path
from throughline.mark import marked
with marked(Path(sys.argv[1]), "sink"):
    print("held", flush=True)
    time.sleep(60)
"""


def runs(folder: Path) -> bool:
    """Whether a run that begins now finds that an earlier one was cut off; it ends in order."""
    with marked(folder, "sink") as was_cut_off:
        return was_cut_off


def test_a_run_that_was_killed_is_told_once(tmp_path: Path) -> None:
    folder = tmp_path / "logged"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert not runs(folder)  # beside one that lives
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with marked(folder, "serve") as another_part:
        assert not another_part
    assert [runs(folder), runs(folder)] == [True, False]
    assert list(folder.iterdir()) == []


def test_a_run_that_ends_with_an_error_was_not_cut_off(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), marked(tmp_path, "sink"):
        raise RuntimeError
    assert not runs(tmp_path)


def test_a_folder_that_cannot_be_written_is_no_harm() -> None:
    assert not runs(Path("/proc/none"))
