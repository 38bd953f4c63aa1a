"""The command goes on after a lap that failed, and its exit status tells of it."""

from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks.records import Result, Run, read, write


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


def of(thrift: float) -> Result:
    return {"benchmark": "abreast", "part": "sink", "thrift": {"median": thrift}}


def measuring(monkeypatch: pytest.MonkeyPatch, path: Path, found: list[list[Result]]) -> None:
    """The quick run finds these, one after the other, and is compared with what is in `path`."""
    monkeypatch.setattr(command, "describe", lambda: {"date": "2026-01-31", "processor": "xeon"})
    monkeypatch.setattr(command, "QUICK", path)
    monkeypatch.setattr(command, "_QUICK", {"sink": lambda *_: found.pop(0)})


@pytest.mark.parametrize(
    ("thrifts", "status"),
    [([2.0], 0), ([1.0, 2.0], 0), ([1.0, 1.1], 1)],
    ids=["as recorded", "worse once", "worse twice"],
)
def test_a_quick_run_that_is_worse_is_made_again_before_it_is_believed(
    thrifts: list[float], status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = [[of(thrift)] for thrift in thrifts]
    measuring(monkeypatch, tmp_path / "quick.jsonl", found)
    write(tmp_path / "quick.jsonl", Run({"processor": "xeon"}, [of(2.0)]))
    assert command.main(["--quick"]) == status
    assert found == []


def test_rounds_that_fail_twice_fail_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    measuring(monkeypatch, tmp_path / "quick.jsonl", [[of(2.0) | {"failed": ["it ended"]}] for _ in range(2)])
    write(tmp_path / "quick.jsonl", Run({"processor": "xeon"}, [of(2.0)]))
    assert command.main(["--quick"]) == 1


@pytest.mark.parametrize(("failed", "status", "kept"), [({}, 0, [2.0]), ({"failed": ["it ended"]}, 1, [])])
def test_a_quick_run_is_recorded_when_all_its_rounds_succeeded(
    failed: Result, status: int, kept: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "quick.jsonl"
    measuring(monkeypatch, path, [[of(2.0) | failed]])
    assert command.main(["--quick", "--record"]) == status
    assert [row["thrift"]["median"] for run in read([path] if path.exists() else []) for row in run.results] == kept
