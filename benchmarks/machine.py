"""What a result must say about where it was taken, and CPU seconds of processes."""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("confluent-kafka", "faust-streaming", "msgspec", "rocksdict", "chdb", "uvicorn")
_PEERS = ("faust-streaming", "aiokafka", "quixstreams", "bytewax")
_TICKS = os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, object]:
    """Date, machine, versions, commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {_said('model name') or platform.processor()}",
        "processor": processor(),
        "python": f"{platform.python_version()} ({platform.python_build()[1]})",
        "packages": {name: version(name) for name in _PACKAGES},
        "peers": peers(),
        "commit": commit.strip(),
        "load_before": os.getloadavg()[0],
    }


def processor() -> str:
    """Its kind: what decides how the costs of two programs compare."""
    return f"{_said('model name') or platform.processor()}, family {_said('cpu family')}, model {_said('model')}"


def _said(name: str) -> str:
    """What /proc/cpuinfo says of the first core."""
    lines = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def peers() -> dict[str, str]:
    """The versions that the peers are pinned to."""
    lines = (Path(__file__).parent / "peers" / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split(" ")[0].split("==") for line in lines if "==" in line)
    return {name: pinned[name] for name in _PEERS}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_nanoseconds(pid: int) -> int:
    """The same of a process that runs, by its own clock, which has no ticks."""
    return time.clock_gettime_ns((~pid << 3) | 2)  # as clock_getcpuclockid(3) makes it


def peak_memory_mb(pid: int) -> float:
    """The most memory that it ever held, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def running(module: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A module of ours as a process of its own; it must drain and end with status 0."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments])
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(20) == 0


@contextmanager
def held(pids: Collection[int]) -> Iterator[None]:
    """Processes do nothing for the while; it must be shorter than a consumer's session, 45 s."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
