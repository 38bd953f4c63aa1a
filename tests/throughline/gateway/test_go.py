"""ClickHouse's client for Go against the gateway, over HTTP."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.throughline.gateway.conftest import Served

pytestmark = [pytest.mark.chdb, pytest.mark.slow]
HERE = Path(__file__).parent / "go"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program of main.go with the client of go.mod; a failing build fails the test."""
    go = shutil.which("go")
    assert go, "go is missing: install the version of tests/throughline/gateway/go/go.mod or a newer one"
    built = tmp_path / "client"
    quickly = ["-gcflags=all=-N -l"]  # without optimisation: 46 s of CPU the first time, not 73
    done = subprocess.run(
        [go, "build", *quickly, "-o", built, "."],
        cwd=HERE,
        env=os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return built


@pytest.mark.timeout(600)
def test_the_client_for_go(served: Served, program: Path) -> None:
    done = subprocess.run([program, served.url], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    moment = "2026-01-02T03:04:05.678Z"
    assert json.loads(done.stdout) == {
        "rows": [
            [6, "it's FORMAT 6;", moment, "low", None, ["a", "b"]],
            [7, "it's FORMAT 7;", moment, "low", 0.5, ["a", "b"]],
        ],
        "streamed": 19999900000,
        "error": "47",
        "cancelled": True,
    }
