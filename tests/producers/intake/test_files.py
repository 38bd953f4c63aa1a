"""Imports: every record lands once and in order of the file, whenever the import is killed."""

import asyncio
import gzip
import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from producers.intake import files, record_file
from producers.intake.files import Progress, Summary, import_file, main
from producers.intake.framing import UnreadableFileError
from producers.seal import Origin
from producers.sources import Source
from schemas.settings import ConfigurationError
from schemas.telemetry import Metrics
from tests.producers.intake.importing import CrashedError, Kafka, line, settings_of, source


def run(path: Path, kafka: Kafka, folder: Path, by: Source | None = None) -> Summary:
    told: list[Progress] = []
    summary = asyncio.run(import_file(path, by or source(), kafka, folder / "import", told.append))
    assert all(progress.done <= (progress.total or sys.maxsize) for progress in told)
    return summary


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_file, "BATCH", 7)


def test_every_line_is_accepted_or_rejected_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line(1) + b"\n \nnot json\n" + line(2).rstrip() + b"\r\n" + line(3).rstrip())
    kafka = Kafka()
    assert run(path, kafka, tmp_path) == Summary(accepted=3, rejected=2, finished=True)
    assert [delivery.headers["x-record"] for delivery in kafka.landed] == ["1", "3", "4", "5", "6"]
    assert {(delivery.method, delivery.path) for delivery in kafka.landed} == {("FILE", "history.jsonl")}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.integers(0, 40), st.lists(st.integers(0, 45), max_size=6), st.booleans())
def test_killed_anywhere_every_line_lands_and_little_twice(
    tmp_path: Path, count: int, crashes: list[int], packed: bool
) -> None:
    data = b"".join(line(number) for number in range(count))
    path = tmp_path / ("history.jsonl.gz" if packed else "history.jsonl")
    path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
    landed: list[bytes] = []
    killed = 0
    for crash in [*crashes, -1]:
        kafka = Kafka(crash_after=crash)
        try:
            summary = run(path, kafka, tmp_path)
            break
        except CrashedError:
            killed += 1
        finally:
            landed += kafka.bodies
    assert (summary.finished, summary.accepted) == (True, count)
    assert set(landed) == {line(number) for number in range(count)}
    assert len(landed) <= count + killed * record_file.BATCH


def test_an_import_that_finished_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(line(1))
    for _ in range(2):
        kafka = Kafka()
        assert run(path, kafka, tmp_path).finished
        assert len(kafka.landed) == 1


def test_a_file_that_changed_is_noticed_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"".join(line(number) for number in range(20)))
    with pytest.raises(CrashedError):
        run(path, Kafka(crash_after=10), tmp_path)
    path.write_bytes(b"".join(line(number) for number in range(5, 25)))
    summary = run(path, Kafka(), tmp_path)
    assert (summary.changed, summary.resumed_at, summary.accepted) == (True, 0, 20)


def test_another_source_has_a_place_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"".join(line(number) for number in range(20)))
    with pytest.raises(CrashedError):
        run(path, Kafka(crash_after=10), tmp_path)
    other = source()
    other = Source(Origin("default", "other", "jsonl"), other.adapter)
    assert run(path, Kafka(), tmp_path, other).resumed_at == 0
    assert run(path, Kafka(), tmp_path).resumed_at == 8


def test_a_damaged_checkpoint_is_none(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"".join(line(number) for number in range(20)))
    with pytest.raises(CrashedError):
        run(path, Kafka(crash_after=10), tmp_path)
    (checkpoint,) = (tmp_path / "import").iterdir()
    checkpoint.write_bytes(checkpoint.read_bytes()[:40])
    assert run(path, Kafka(), tmp_path).resumed_at == 0


@pytest.mark.parametrize("crash", range(0, 12, 3))
def test_csv_goes_on_with_its_header_and_its_line_numbers(tmp_path: Path, crash: int) -> None:
    path = tmp_path / "answers.csv"
    rows = [f'{number},u,"a\n\n""b"""\r\n'.encode() for number in range(12)]
    path.write_bytes(b"\xef\xbb\xbfmessage_id,user_id,text\r\n\r\n" + b"".join(rows))
    first, second = Kafka(crash_after=crash), Kafka()
    with pytest.raises(CrashedError):
        run(path, first, tmp_path, source("csv"))
    summary = run(path, second, tmp_path, source("csv"))
    assert (summary.accepted, summary.rejected, summary.finished) == (12, 0, True)
    assert set(first.bodies + second.bodies) == set(rows)
    numbers = {d.body: d.headers["x-record"] for d in first.landed + second.landed}
    assert [numbers[row] for row in rows] == [str(3 + 3 * number) for number in range(12)]
    assert json.loads(second.landed[0].headers["x-columns"]) == ["message_id", "user_id", "text"]


def test_kafka_away_is_told_and_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(line(1))
    kafka = Kafka()
    kafka.away = 3
    told: list[Progress] = []
    summary = asyncio.run(import_file(path, source(), kafka, tmp_path, told.append))
    assert summary.accepted == 1
    assert [progress.waiting for progress in told] == ["Kafka does not answer"] * 3 + [""]


async def test_asked_to_stop_it_stops_at_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"".join(line(number) for number in range(30)))
    stop = asyncio.Event()
    kafka = Kafka()

    def told(progress: Progress) -> None:
        if progress.accepted >= 14:
            stop.set()

    summary = await import_file(path, source(), kafka, tmp_path, told, stop=stop)
    assert (summary.accepted, summary.finished) == (14, False)
    monkeypatch.setattr(files, "GRACE_S", 0.01)
    hanging = Kafka()
    hanging.hangs = True
    stop.clear()
    running = asyncio.create_task(import_file(path, source(), hanging, tmp_path, told, stop=stop))
    while not hanging.calls:
        await asyncio.sleep(0.01)
    stop.set()
    assert (await running).finished is False
    summary = await import_file(path, source(), kafka, tmp_path, lambda _: None)
    assert (summary.accepted, summary.resumed_at, summary.finished) == (30, 15, True)
    assert kafka.bodies == [line(number) for number in range(30)]


def test_what_cannot_even_be_kept_is_named_by_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.intake.framing.LONGEST", 100)
    path = tmp_path / "history.jsonl"
    path.write_bytes(line(1) + b"x" * 200 + b"\n" + line(2) + line(3))
    kafka = Kafka()
    kafka.too_large = {line(3)}
    summary = run(path, kafka, tmp_path)
    assert (summary.accepted, summary.lost_count) == (2, 2)
    assert sorted(told.split(":")[0] for told in summary.lost) == ["line 2", "line 4"]


def test_stdin_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"".join(line(number) for number in range(10)))))
    assert run(Path("-"), Kafka(), tmp_path) == Summary(accepted=10, finished=True)
    assert not (tmp_path / "import").exists()


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        run(tmp_path / "none.jsonl", Kafka(), tmp_path)
    with pytest.raises(UnreadableFileError, match="directory"):
        run(tmp_path, Kafka(), tmp_path)
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match="empty"):
        run(tmp_path / "a.csv", Kafka(), tmp_path, source("csv"))
    packed = gzip.compress(b"".join(line(number) for number in range(5000)))
    for damaged in (packed[:-20], b"nonsense", packed[:200] + b"\x00" * 50 + packed[250:]):
        (tmp_path / "a.jsonl.gz").write_bytes(damaged)
        with pytest.raises(UnreadableFileError, match="packed file is damaged"):
            run(tmp_path / "a.jsonl.gz", Kafka(), tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shpo", "did you mean shop?"),
        ("nothing", "add .sources.nothing."),
        ("hook", "reads no files; one of csv, jsonl"),
    ],
)
def test_a_source_that_cannot_be_imported_says_what_to_do(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        main(settings_of(tmp_path), Metrics(CollectorRegistry()), tmp_path / "x", name, lambda _: None)
