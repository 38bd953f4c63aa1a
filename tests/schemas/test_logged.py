"""Warnings and errors leave a trace that outlives the process; nothing else does."""

import logging
from pathlib import Path

from prometheus_client import CollectorRegistry

from schemas.logged import KEPT, Logged
from schemas.telemetry import Metrics


class Part:
    def __init__(self, file: Path) -> None:
        self.registry = CollectorRegistry()
        self.logged = Logged(Metrics(self.registry), file)

    def at(self, level: str, event: str) -> float | None:
        labels = {"level": level, "event": event}
        return self.registry.get_sample_value("throughline_logged_timestamp_seconds", labels)


def test_an_error_outlives_its_process_and_a_warning_does_not(tmp_path: Path) -> None:
    part = Part(tmp_path / "logged/sink.json")
    event = {"event": "sink_failed", "level": "error", "error": "ada@example.com"}
    assert part.logged(None, "error", event) is event
    part.logged(None, "warning", {"event": "insert_failed", "level": "warning"})
    part.logged(None, "info", {"event": "sink_stopped", "level": "info"})
    assert part.at("error", "sink_failed")
    assert part.at("warning", "insert_failed")
    assert part.at("info", "sink_stopped") is None
    again = Part(tmp_path / "logged/sink.json")
    assert again.at("error", "sink_failed") == part.at("error", "sink_failed")
    assert again.at("warning", "insert_failed") is None
    assert b"example.com" not in (tmp_path / "logged/sink.json").read_bytes()


def test_a_library_is_named_and_not_quoted(tmp_path: Path) -> None:
    part = Part(tmp_path / "x.json")
    record = logging.LogRecord("faust.worker", logging.ERROR, "f", 1, "about ada", None, None)
    part.logged(None, "error", {"event": "about ada", "level": "error", "_record": record})
    assert part.at("error", "logged_by_faust")


def test_the_file_is_bounded_and_whatever_stands_in_it_does_no_harm(tmp_path: Path) -> None:
    part = Part(tmp_path / "x.json")
    for number in range(2 * KEPT):
        part.logged(None, "error", {"event": f"e{number}", "level": "error"})
    again = Part(tmp_path / "x.json")
    assert [again.at("error", f"e{number}") is not None for number in (0, 2 * KEPT - 1)] == [False, True]
    for text in ("", "[]", '{"a":"b"}', '{"a":null}'):
        (tmp_path / "x.json").write_text(text)
        Part(tmp_path / "x.json")
    unwritable = Part(Path("/proc/none/x.json"))
    unwritable.logged(None, "error", {"event": "e", "level": "error"})
    assert unwritable.at("error", "e")
