"""Fixtures: an intake that the SDKs send to, and the SDKs of npm, installed at their pinned versions."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.settings import KafkaSettings
from tests.clients.intake import running_intake
from tests.ports import free_port

HERE = Path(__file__).parent


@pytest.fixture
def intake(mock_kafka: KafkaSettings, tmp_path: Path) -> Iterator[str]:
    """The URL of an intake with one segment source."""
    with running_intake(mock_kafka, tmp_path, free_port()) as url:
        yield url


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of the SDKs of package.json; a failing npm fails the test."""
    wanted = (HERE / "package.json").read_text()
    folder = HERE / "node_modules"
    mark = folder / ".installed-for"
    if mark.exists() and mark.read_text() == wanted:
        return folder
    npm = shutil.which("npm")
    assert npm, "npm is missing: install Node.js 20 or newer"
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    mark.write_text(wanted)
    return folder
