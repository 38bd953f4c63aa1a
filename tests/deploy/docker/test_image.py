"""The image: what a linter says of the Dockerfile, and what goes into it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.docker.composed import Compose

DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def linted(path: Path) -> str:
    """What hadolint finds, one line a finding."""
    done = subprocess.run([HADOLINT, "--no-color", path], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


def test_the_linter_finds_nothing(tmp_path: Path) -> None:
    assert linted(DOCKERFILE) == ""
    worse = tmp_path / "Dockerfile"
    worse.write_text(DOCKERFILE.read_text().replace("USER 10001:10001", "USER root").replace("==0.13.9", ""))
    assert "DL3002" in linted(worse)
    assert "DL3013" in linted(worse)


def test_its_scripts_are_sound() -> None:
    subprocess.run(["sh", "-n", ROOT / "deploy/docker/install.sh"], check=True)


def test_what_is_copied_is_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE):
        for source in sources.split():
            assert source == "." or any(source.startswith(name) for name in let_in), source
    assert not any((ROOT / name).name.startswith(".") for name in let_in), "no .env, no .git"


def test_all_packages_are_let_in() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    [packages] = re.findall(r"^packages = \[(.*)\]$", pyproject, re.MULTILINE)
    assert {f"!{name}" for name in re.findall(r'"(\w+)"', packages)} <= set(
        (ROOT / ".dockerignore").read_text().splitlines()
    )


@pytest.mark.parametrize("part", ["serve", "process", "resolve", "sink", "topics", "migrate"])
def test_its_user_and_folder_are_those_of_the_compose_file(compose: Compose, part: str) -> None:
    text, service = DOCKERFILE.read_text(), compose.services[part]
    assert f"USER {service.user}\n" in text
    folder = service.environment["THROUGHLINE_DATA_DIR"]
    assert f"VOLUME {folder}\n" in text
    assert f"THROUGHLINE_DATA_DIR={folder}\n" in text
    if not service.healthcheck.disable:
        assert f"CMD {service.healthcheck.test[1:]}\n".replace("'", '"') in text


def test_what_is_left_out_is_needed_by_the_embedded_store_alone() -> None:
    excluded = (ROOT / "deploy/docker/excluded.txt").read_text().splitlines()
    imported = re.compile(rf"^\s*(?:import|from) ({'|'.join(name for name in excluded if not name.startswith('#'))})\b")
    found = [
        path.relative_to(ROOT).as_posix()
        for package in ("throughline", "schemas", "producers", "stream_processors", "sinks")
        for path in (ROOT / package).rglob("*.py")
        if any(imported.match(line) for line in path.read_text().splitlines())
    ]
    assert found == ["throughline/gateway/engine.py"]
