"""The command goes on after a lap that failed, and its exit status tells of it."""

from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks.records import Result, Run, write


def results(*rows: Result) -> command.Measure:
    return lambda *_: list(rows)


@pytest.mark.parametrize(("failed", "status"), [({}, 0), ({"failed": ["all came out at once"]}, 1)])
def test_a_failed_lap_is_exit_status_1_after_all_else_was_measured(
    failed: Result, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "describe", lambda: {"date": "2026-01-31"})
    monkeypatch.setitem(command._MEASURES, "processors", results({"benchmark": "contest"} | failed))
    monkeypatch.setitem(command._MEASURES, "sink", results({"benchmark": "next"}))
    assert command.main(["processors", "sink"]) == status
    assert [line.split('"')[3] for line in capsys.readouterr().out.splitlines()] == ["contest", "next"]


@pytest.mark.parametrize(
    ("ratios", "status"),
    [([2.0], 0), ([1.0, 2.0], 0), ([1.0, 1.1], 1)],
    ids=["as recorded", "worse once", "worse twice"],
)
def test_a_quick_run_that_is_worse_is_made_again_before_it_is_believed(
    ratios: list[float], status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def of(ratio: float) -> Result:
        return {"benchmark": "b", "contestant": "peer", "ours_is_times": {"as_thrifty": {"median": ratio}}}

    left = list(ratios)
    monkeypatch.setattr(command, "describe", lambda: {"date": "2026-01-31"})
    monkeypatch.setattr(command, "QUICK", tmp_path / "quick.jsonl")
    monkeypatch.setattr(command, "_QUICK", {"processors": lambda *_: [of(left.pop(0))]})
    write(tmp_path / "quick.jsonl", Run({}, [of(2.0)]))
    assert command.main(["--quick"]) == status
    assert left == []
