"""ClickHouse's JDBC driver against the gateway, as BI tools use it."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.throughline.gateway.conftest import Served

pytestmark = [pytest.mark.chdb, pytest.mark.slow]
HERE = Path(__file__).parent / "java"


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    """A folder with the driver of pom.xml and what it needs; a failing Maven fails the test."""
    maven = shutil.which("mvn")
    assert maven, "mvn is missing: install Maven 3.8 or newer, and Java 17 or newer"
    command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
    folder = tmp_path / "lib"
    done = subprocess.run(
        [*command, f"-DoutputDirectory={folder}"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.timeout(420)
def test_the_driver_for_java(served: Served, driver: Path) -> None:
    url = httpx.URL(served.url)
    program = ["java", "-Xmx256m", "-cp", f"{driver}/*", str(HERE / "Client.java")]
    arguments = [f"{url.host}:{url.port}", url.username, url.password]
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    row = {"t": "2026-01-02T03:04:05.678", "d": "12.5", "l": "low", "a": "[a, b]"}
    rows = {6: row | {"s": "it's FORMAT 6;", "o": "null"}, 7: row | {"s": "it's FORMAT 7;", "o": "0.5"}}
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == {
        "product": "ClickHouse",
        "valid": "true",
        "inserted": "2000",
        **{f"row{number}.{name}": value for number, values in rows.items() for name, value in values.items()},
        "streamed": "19999900000",
        "table": "jdbc",
        "columns": "[n, s, t, d, l, o, a]",
        "error": "47",
    }
