from pathlib import Path

import pytest

from benchmarks.contest.quiet import Reading
from benchmarks.contest.turns import Failed, by_turns, spread, summary
from benchmarks.contest.verify import WrongOutputError
from benchmarks.contest.watch import Lap, LapFailedError


def lap(seconds: float, cpu: float, others: float = 0.0) -> Lap:
    known = {"contestant": cpu, "broker": 1.0, "benchmark": 0.5}
    return Lap(1_000_000, Reading(seconds, sum(known.values()) + others, known), 100.0)


def test_each_turn_has_all_and_every_second_one_goes_backwards() -> None:
    order: list[str] = []

    def run(name: str, folder: Path) -> Lap:
        order.append(folder.name)
        return lap(10, 10)

    laps = by_turns(["a", "b"], 3, run, Path("somewhere"))
    assert order == ["a-0", "b-0", "b-1", "a-1", "a-2", "b-2"]
    assert {name: len(found) for name, found in laps.items()} == {"a": 3, "b": 3}


def test_a_lap_that_fails_is_told_and_the_turns_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    ends = {
        "slow-0": LapFailedError("3 of 10 came out:\nthe end of its log"),
        "wrong-1": WrongOutputError("9 rows, 10 were expected"),
    }

    def run(name: str, folder: Path) -> Lap:
        if folder.name in ends:
            raise ends[folder.name]
        return lap(10, 10)

    laps = by_turns(["slow", "wrong"], 2, run, Path("somewhere"))
    assert laps == {
        "slow": [Failed("3 of 10 came out"), lap(10, 10)],
        "wrong": [lap(10, 10), Failed("9 rows, 10 were expected")],
    }
    said = capsys.readouterr().err
    assert "the end of its log" in said
    assert "turn 1 of 2: slow failed: 3 of 10 came out" in said


def test_what_is_no_lap_that_failed_ends_the_run() -> None:
    def run(name: str, folder: Path) -> Lap:
        raise RuntimeError(name, folder)

    with pytest.raises(RuntimeError):
        by_turns(["a"], 1, run, Path("somewhere"))


def test_figures_are_of_the_laps_that_did_not_fail() -> None:
    late, gone = Failed("too late"), Failed("gone")
    ours: list[Lap | Failed] = [lap(10, 10), lap(10, 10), gone]
    theirs: list[Lap | Failed] = [late, lap(20, 40), lap(40, 40)]
    told = summary(theirs, ours)
    assert told["turns"] == 3
    assert told["failed"] == ["too late"]
    assert told["events_per_s"] == {"median": 37_500, "least": 25_000, "most": 50_000}
    assert told["ours_is_times"] == {
        "as_fast": {"median": 2.0, "least": 2.0, "most": 2.0},
        "as_thrifty": {"median": 4.0, "least": 4.0, "most": 4.0},
    }


def test_without_a_good_lap_there_are_no_figures_and_without_one_of_ours_no_ratios() -> None:
    assert summary([Failed("a"), Failed("b")], [lap(1, 1), lap(1, 1)]) == {"turns": 2, "failed": ["a", "b"]}
    alone = summary([lap(1, 1)], [Failed("a")])
    assert "failed" not in alone
    assert "events_per_s" in alone
    assert "ours_is_times" not in alone


def test_ratios_are_taken_within_a_turn() -> None:
    ours, theirs = [lap(10, 10), lap(40, 20), lap(20, 30)], [lap(20, 40), lap(80, 40), lap(20, 90)]
    told = summary(theirs, ours)
    assert told["ours_is_times"] == {
        "as_fast": {"median": 2.0, "least": 1.0, "most": 2.0},
        "as_thrifty": {"median": 3.0, "least": 2.0, "most": 4.0},
    }
    assert told["events_per_s"] == {"median": 50_000, "least": 12_500, "most": 50_000}
    assert told["cpu_s_per_million"] == {
        "contestant": {"median": 40.0, "least": 40.0, "most": 90.0},
        "broker": {"median": 1.0, "least": 1.0, "most": 1.0},
    }


def test_thrift_is_of_all_that_are_counted() -> None:
    both = Lap(
        500_000, Reading(1, 9, {"contestant": 1.0, "clickhouse": 2.0, "broker": 4.0}), 1.0, ("contestant", "clickhouse")
    )
    assert both.thrift == 6.0


def test_the_loudest_turn_is_told() -> None:
    loud = summary([lap(10, 10), lap(10, 10, others=5.0)], [lap(10, 10), lap(10, 10)])["others_share_of_cores"]
    assert isinstance(loud, float)
    assert 0 < loud <= 0.5


def test_a_spread_without_digits_is_whole() -> None:
    assert spread([1.4, 2.6, 9.5], 0) == {"median": 3, "least": 1, "most": 10}
