"""The .env of docker compose."""

import re
from pathlib import Path

import pytest

from deploy.docker import environment
from tests.conftest import ROOT


def test_it_is_for_nobody_but_its_owner(tmp_path: Path) -> None:
    environment.write(tmp_path / ".env", brokers=1)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_passwords_are_new_each_time_and_safe_in_a_url() -> None:
    one, other = environment.variables(1), environment.variables(1)
    assert set(one.values()).isdisjoint(other.values())
    assert all(re.fullmatch(r"[0-9a-f]{48}", one[name]) for name in one if name != "KAFKA_CLUSTER_ID")


def test_what_is_there_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment.main([]) == 0
    before = (tmp_path / ".env").read_bytes()
    assert environment.main(["3"]) == 1
    assert (tmp_path / ".env").read_bytes() == before
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["2"], ["0"], ["one"], ["1", "3"]])
def test_other_numbers_of_brokers_are_refused(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment.main(arguments) == 2
    assert not (tmp_path / ".env").exists()


def test_three_brokers_survive_the_loss_of_one() -> None:
    found = environment.variables(3)
    assert found["KAFKA_REPLICATION"] == "3"
    assert found["KAFKA_MIN_INSYNC"] == "2"
    assert found["KAFKA_VOTERS"].count("@") == 3


def test_git_never_takes_it() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".env", "sources.env"} <= set(ignored)
