"""The page says of each goal whether it was met, by the last run that measured it."""

from pathlib import Path

from benchmarks.contest.processors import BENCHMARK
from benchmarks.page import PAGE, text
from benchmarks.records import Result, Run, days, read, write

MACHINE: Result = {
    "date": "2026-01-31", "machine": "2 cores", "python": "3.11", "packages": {"chdb": "4.4"},
    "peers": {"bytewax": "0.21"}, "commit": "abc1234",
}  # fmt: skip


def contestant(name: str, fast: float, others: float = 0.01) -> Result:
    one = {"median": fast, "least": fast - 1, "most": fast + 1}
    return {
        "benchmark": BENCHMARK, "contestant": name, "engine": "Engine", "unequal": "all is equal", "events_per_s": one,
        "cpu_s_per_million": {"broker": one, "contestant": one}, "peak_memory_mb": 300,
        "ours_is_times": {"as_fast": one, "as_thrifty": one}, "others_share_of_cores": others,
    }  # fmt: skip


def line(page: str, beginning: str) -> str:
    [found] = [row for row in page.splitlines() if row.startswith(beginning)]
    return found


def test_a_goal_is_met_missed_or_not_measured() -> None:
    page = text([Run(MACHINE, [contestant("faust_dict", 21.0), {"benchmark": "path", "events_per_s": 39_999}])], "")
    assert line(page, "| processor: times as fast as stock Faust").endswith("| at least 20 | 21 | met |")
    assert line(page, "| whole path with the broker").endswith("| at least 40,000 | 39,999 | missed |")
    assert line(page, "| latency at 5,000/s: p50").endswith("| at most 300 |  | not measured |")


def test_the_last_run_that_measured_a_thing_counts() -> None:
    runs = [
        Run(MACHINE, [{"benchmark": "path", "events_per_s": 1}]),
        Run(MACHINE, [{"benchmark": "path", "events_per_s": 50_000}]),
        Run(MACHINE, [{"benchmark": "sink", "rows": 3}]),
    ]
    assert line(text(runs, ""), "| whole path with the broker").endswith("| 50,000 | met |")


def test_contestants_are_told_with_what_is_not_equal() -> None:
    page = text([Run(MACHINE, [contestant("quix_step", 3.0)])], "notes\n")
    assert line(page, "| quix_step (Engine)") == (
        "| quix_step (Engine) | 3 (2 to 4) | 3 (2 to 4) | 3 (2 to 4) | 300 "
        "| 3.0 x as fast, 3.0 x as thrifty | all is equal |"
    )
    assert "not quiet" not in page
    assert page.endswith("notes\n")


def test_a_lap_that_failed_is_told_beside_those_that_did_not() -> None:
    whole = {
        "benchmark": BENCHMARK,
        "contestant": "faust_dict",
        "unequal": "a set",
        "turns": 2,
        "failed": ["late", "x"],
    }
    part = contestant("quix_step", 3.0) | {"turns": 3, "failed": ["all came out at once"]}
    page = text([Run(MACHINE, [part, whole])], "")
    assert "| 3 (2 to 4); failed (1 of 3): all came out at once |" in line(page, "| quix_step")
    assert line(page, "| faust_dict") == "| faust_dict | failed (2 of 2): late |  |  |  |  | a set |"
    assert line(page, "| processor: times as fast as stock Faust").endswith("|  | not measured |")


def test_a_loud_machine_is_told() -> None:
    assert "others had up to 30% of its cores" in text([Run(MACHINE, [contestant("quix_step", 3.0, 0.3)])], "")


def test_runs_are_read_as_they_were_written(tmp_path: Path) -> None:
    runs = [Run(MACHINE, [{"benchmark": "a"}, {"benchmark": "b"}]), Run(MACHINE | {"commit": "def"}, [])]
    for run in runs:
        write(tmp_path / "runs.jsonl", run)
    assert read([tmp_path / "runs.jsonl"]) == runs


def test_the_page_is_that_of_the_recorded_runs() -> None:
    assert PAGE.read_text() == text(read(days()), PAGE.with_name("notes.md").read_text())
