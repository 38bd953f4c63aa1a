"""Each process is asked, also where a name stands for several; of one that does not answer its last errors are read."""

import socket
from pathlib import Path

import pytest

from schemas.logged import Logged, file_of
from schemas.settings import MetricsSettings, Settings
from schemas.telemetry import Metrics
from tests.ports import free_port
from throughline.condition.scrape import addresses, scrape

REPLICAS = ("127.0.0.1", "127.0.0.2")  # loopback is a whole network


def settings(folder: Path, **targets: str) -> Settings:
    nowhere = {part: f"127.0.0.1:{free_port()}" for part in ("serve", "process", "resolve", "sink")}
    return Settings(data_dir=folder, metrics=MetricsSettings.model_validate({"targets": nowhere | targets}))


def test_every_replica_behind_a_name_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = socket.getaddrinfo

    def by_name(host: str, port: int, *more: int) -> list[object]:
        return (
            [found for at in REPLICAS for found in known(at, port, *more)]
            if host == "process"
            else [*known(host, port, *more)]
        )

    port = free_port()
    ends = []
    for number, host in enumerate(REPLICAS):
        metrics = Metrics()
        metrics.dedupe_behind.set(number)
        ends.append(metrics.serve(f"{host}:{port}"))
    monkeypatch.setattr(socket, "getaddrinfo", by_name)
    try:
        found = [one for one in scrape(settings(tmp_path, process=f"process:{port}")) if one.part == "process"]
    finally:
        for end in ends:
            end()
    assert [one.address for one in found] == [f"{host}:{port}" for host in REPLICAS]
    assert [one.largest("dedupe_behind_records") for one in found] == [0, 1]


def test_a_name_that_nobody_knows_is_kept_as_it_is(tmp_path: Path) -> None:
    assert addresses(settings(tmp_path, sink="sink.invalid:9464, 127.0.0.1:1"), "sink") == [
        "sink.invalid:9464", "127.0.0.1:1"
    ]  # fmt: skip


def test_a_part_that_is_down_has_left_its_errors(tmp_path: Path) -> None:
    Logged(Metrics(), file_of(tmp_path, "sink"))(None, "error", {"event": "sink_failed", "level": "error"})
    found = {one.part: one for one in scrape(settings(tmp_path))}
    assert found["sink"].samples is None
    assert list(found["sink"].errors) == ["sink_failed"]
    assert found["process"].errors == {}
