"""The command goes on after a lap that failed, and its exit status tells of it."""

import pytest

import benchmarks.__main__ as command
from benchmarks.records import Result


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
