"""Two programs that burn CPU, abreast: the ratio of what they spend is what they were told to."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.contest.abreast import abreast, still
from benchmarks.contest.watch import Entry, LapFailedError, running

EVENTS = 3_000
# So many turns of a loop an event; a byte is written for each, in runs of 50, as contestants' output comes in runs.
BURN = """
import sys
from pathlib import Path
turns, events = int(sys.argv[1]), int(sys.argv[2])
with Path(sys.argv[3]).open("ab", buffering=0) as out:
    for _ in range(events // 50):
        for _ in range(50 * turns):
            pass
        out.write(b"." * 50)
sys.stdin.read()
"""


@contextmanager
def burning(name: str, turns: int, folder: Path) -> Iterator[Entry]:
    out, log = folder / name, folder / f"{name}.log"
    out.touch()
    with subprocess.Popen(
        [sys.executable, "-c", BURN, str(turns), str(EVENTS), str(out)], stdin=subprocess.PIPE
    ) as process:
        log.touch()
        try:
            yield still(Entry(name, process, lambda: out.stat().st_size, log))
        finally:
            process.kill()


@pytest.mark.slow
def test_the_ratio_is_that_of_the_work(tmp_path: Path) -> None:
    with burning("light", 8_000, tmp_path) as light, burning("heavy", 12_000, tmp_path) as heavy:
        costs = abreast([light, heavy], EVENTS)
        assert (light.count(), heavy.count()) == (EVENTS, EVENTS)
    assert costs["heavy"]["contestant"] / costs["light"]["contestant"] == pytest.approx(1.5, rel=0.1)


def test_one_that_ends_before_all_came_out_fails(tmp_path: Path) -> None:
    with running([sys.executable, "-c", "print('gone')"], {}, tmp_path / "log") as process:
        entry = Entry("brief", process, lambda: 0, tmp_path / "log")
        with pytest.raises(LapFailedError, match="brief: 0 came out:\ngone"):
            abreast([entry], EVENTS)


def test_one_that_writes_little_while_the_other_works_is_no_measure(tmp_path: Path) -> None:
    with (
        burning("fast", 2_000, tmp_path) as fast,
        burning("slow", 100_000, tmp_path) as slow,
        pytest.raises(LapFailedError, match=r"slow: \d+ of 3000 came out while all worked: too few"),
    ):
        abreast([fast, slow], EVENTS)
