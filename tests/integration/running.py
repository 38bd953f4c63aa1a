"""`throughline up` as a process of its own, with its own folder and ports."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from tests.ports import free_port
from tests.waiting import PATIENCE_S

WRITE_KEY = "key"
START_S = 180.0


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with a configuration, as a user would have."""

    folder: Path
    http: str

    @property
    def environment(self) -> dict[str, str]:
        """Ours, without THROUGHLINE_ variables that are not meant for it."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
        return clean | {"THROUGHLINE_CONFIG": str(self.folder / "throughline.toml")}

    def run(self, *arguments: str) -> str:
        """Run a command to its end; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "throughline", *arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, query: str) -> list[dict[str, object]]:
        """The rows of a query."""
        return [orjson.loads(line) for line in self.run("sql", "--json", query).splitlines()]

    def audit(self, *arguments: str) -> tuple[int, list[dict[str, object]]]:
        """`throughline audit`: its exit status, and its lines."""
        done = subprocess.run(
            [sys.executable, "-m", "throughline", "audit", "--json", *arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.stdout, done.stderr
        return done.returncode, [orjson.loads(line) for line in done.stdout.splitlines()]

    def until(self, query: str, expected: Mapping[str, object]) -> None:
        """Wait until a query's one row is the expected one; fails with the last one seen."""
        deadline = time.monotonic() + PATIENCE_S
        seen = None
        while time.monotonic() < deadline:
            [seen] = self.rows(query)
            if seen == expected:
                return
            time.sleep(0.3)
        assert seen == expected, f"{seen}, expected {expected}"

    def send(self, messages: list[dict[str, object]]) -> list[dict[str, object]]:
        """Send a batch to the web source; the receipts."""
        answer = httpx.post(f"{self.http}/v1/batch", json={"batch": messages}, auth=(WRITE_KEY, ""), timeout=30)
        assert answer.status_code == 200, answer.text
        receipts: list[dict[str, object]] = answer.json()["receipts"]
        return receipts


def install(
    folder: Path,
    kafka: str = "embedded",
    prefix: str = "",
    *,
    keys: Mapping[str, str] | None = None,
    clickhouse: str = "embedded",
    metrics_port: int = 0,
) -> Installation:
    """Write a configuration with a web source and free ports; `keys` are more of [kafka].

    `metrics_port`: the first of as many as there are parts; 0: any.
    """
    folder.mkdir(parents=True, exist_ok=True)
    http, gateway = free_port(), free_port()
    more = "\n".join(f'kafka.{key} = "{value}"' for key, value in (keys or {}).items())
    (folder / "throughline.toml").write_text(
        f"""
data_dir = "{folder / "data"}"
kafka.bootstrap = "{kafka}"
kafka.prefix = "{prefix}"
{more}
clickhouse.url = "{clickhouse}"
http.listen = "127.0.0.1:{http}"
gateway.listen = "127.0.0.1:{gateway}"
smtp.listen = "127.0.0.1:{free_port()}"
metrics.listen = "127.0.0.1:{metrics_port}"
[sources.web]
adapter = "segment"
write_key = "{WRITE_KEY}"
"""
    )
    return Installation(folder, f"http://127.0.0.1:{http}")


@contextmanager
def running(installation: Installation, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`throughline up` from ready until it has drained; it must end with status 0."""
    log = installation.folder / "up.log"
    with log.open("ab") as out:
        began = out.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "throughline", "up", *arguments],
            env=installation.environment, stderr=out, stdout=out,
        )  # fmt: skip
    try:
        _wait(lambda: b"Throughline is up" in log.read_bytes()[began:], process, log)
        yield process
        assert _drained(process) == 0, "it did not end in order"
    except BaseException as error:
        error.add_note(f"{log}:\n{log.read_text()[-3000:]}")
        raise
    finally:
        if process.poll() is None:
            _drained(process)


def _drained(process: subprocess.Popen[bytes]) -> int:
    """End it; the answer is its exit status. One that does not drain is killed: no other test is to find it."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not condition():
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.05)


def part_pid(up: subprocess.Popen[bytes], part: str) -> int | None:
    """The pid of a part that `up` runs, while it runs."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError, ValueError):
            continue
        if parent == up.pid and part.encode() in command:
            return int(entry.name)
    return None


def kill(up: subprocess.Popen[bytes], part: str) -> bool:
    """kill -9 a part; False when it was not running just then."""
    pid = part_pid(up, part)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    return True


@contextmanager
def standing_still(up: subprocess.Popen[bytes], part: str) -> Iterator[None]:
    """A part that `up` runs is there and does nothing, for the while."""
    pid = part_pid(up, part)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
