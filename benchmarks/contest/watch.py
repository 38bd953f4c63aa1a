"""A contestant's process, and the watch over what comes out of it."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.contest.quiet import Reading, read
from benchmarks.machine import peak_memory_mb

POLL_S: Final = 0.03
PATIENCE_S: Final = 300.0
STOP_S: Final = 12.0
WARM: Final = 0.05  # of all that will come out, before the clock starts


class LapFailedError(Exception):
    """A contestant ended or did not finish; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Lap:
    """What one run took, from the first twentieth of what came out to the last.

    Attributes:
        events: so many came out in that time.
        counted: whose CPU seconds are compared.
    """

    events: int
    spent: Reading
    memory_mb: float
    counted: tuple[str, ...] = ("contestant",)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.spent.at

    def cpu(self, who: str) -> float:
        """CPU seconds a million."""
        return self.spent.known[who] / self.events * 1e6

    @property
    def thrift(self) -> float:
        """CPU seconds a million of all processes that the comparison is about."""
        return sum(map(self.cpu, self.counted))


@dataclass(frozen=True, slots=True)
class Entry:
    """A contestant at work: `count` says how many have come out, `servers` are the pids of what works for it alone."""

    name: str
    process: "subprocess.Popen[bytes]"
    count: Callable[[], int]
    log: Path
    servers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """Over one contestant: `count` says how many have come out, `servers` are the pids of those that it works with."""

    count: Callable[[], int]
    process: "subprocess.Popen[bytes]"
    log: Path
    servers: Mapping[str, int]

    def lap(self, expected: int, counted: tuple[str, ...] = ("contestant",)) -> Lap:
        """Wait until all has come out.

        Raises:
            LapFailedError: the process ended, it takes too long, or all came out at once.
        """
        first, started = self._until(int(expected * WARM))
        last, ended = self._until(expected)
        if first == last:
            raise LapFailedError(f"all {expected} came out at once: too few to measure by")
        return Lap(last - first, ended.since(started), peak_memory_mb(self.process.pid), counted)

    def _until(self, at_least: int) -> tuple[int, Reading]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            count = self.count()
            if count >= at_least:
                return count, read({"contestant": self.process.pid, **self.servers})
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise LapFailedError(f"{count} of {at_least} came out:\n{self.log.read_text()[-2000:]}")
            time.sleep(POLL_S)


@contextmanager
def running(command: list[str], variables: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A contestant's process; told to stop at the end, and killed where it does not."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
    env = {**clean, **variables, "PYTHONPATH": str(Path(__file__).parents[2])}
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
