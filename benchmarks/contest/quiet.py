"""What else the machine does: CPU that neither the contestant, nor its servers, nor the benchmark itself has used."""

import os
import time
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.machine import cpu_seconds

QUIET: Final = 0.05  # of all cores; above it a figure is marked
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Reading(NamedTuple):
    """At a moment: the clock, CPU seconds of the whole machine, those of each process that we know."""

    at: float
    machine: float
    known: dict[str, float]

    def since(self, before: "Reading") -> "Reading":
        """What was spent between the two."""
        spent = {name: seconds - before.known.get(name, 0.0) for name, seconds in self.known.items()}
        return Reading(self.at - before.at, self.machine - before.machine, spent)

    @property
    def others(self) -> float:
        """Of a difference: the share of all cores that others had."""
        cores = os.cpu_count() or 1
        return max(0.0, (self.machine - sum(self.known.values())) / (self.at * cores))


def read(pids: dict[str, int]) -> Reading:
    """Read the clocks; this process is known, too."""
    known = {name: cpu_seconds(pid) for name, pid in pids.items()}
    return Reading(time.monotonic(), _machine(), known | {"benchmark": time.process_time()})


def load_of_others(seconds: float = 2.0) -> float:
    """The share of all cores that others have, while we wait."""
    before = read({})
    time.sleep(seconds)
    return read({}).since(before).others


def _machine() -> float:
    """CPU seconds of all processes since the start, stolen ones included."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS
