"""Several contestants at once, on one core: what each spends on an event while all see the same machine.

A core's speed changes by a fifth within seconds where neighbours share the hardware, and so do ratios of laps by turns.
Here the scheduler takes turns, every few milliseconds, and what slows one slows all.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from statistics import linear_regression
from typing import Final

from benchmarks.contest.watch import PATIENCE_S, POLL_S, Entry, LapFailedError
from benchmarks.machine import cpu_nanoseconds

WARM: Final = 0.08  # of all, before a contestant waits for the others
DONE: Final = 0.96  # of all: the first that is there ends the measurement
LEAST: Final = 0.2  # of all that each must have written meanwhile
Costs = Mapping[str, Mapping[str, float]]  # microseconds of CPU an event: by contestant, and whose


def still(entry: Entry) -> Entry:
    """It does nothing until all are there; for less than a consumer's session, 45 s, once it has one."""
    entry.process.send_signal(signal.SIGSTOP)
    return entry


def abreast(entries: Sequence[Entry], expected: int) -> Costs:
    """Let all begin, which stand still, then measure while all work, then wait until all are done.

    Raises:
        LapFailedError: one ended, takes too long, or wrote too little meanwhile.
    """
    _go(entries)
    _warm(entries, expected)
    pids = [pid for entry in entries for pid in _pids(entry).values()]
    cores = os.sched_getaffinity(0)
    _pin(pids, {max(cores)})
    _go(entries)
    seen = _watched(entries, expected)
    _pin(pids, cores)
    costs = {name: _costs(samples, expected, name) for name, samples in seen.items()}
    for entry in entries:
        _until(entry, expected)
    return costs


def entered_abreast(entering: Mapping[str, AbstractContextManager[Entry]], expected: int) -> Costs:
    """Enter all, each under its name, and let them work at once; each ends, and is looked at, when all are done.

    Raises:
        LapFailedError: as `abreast` does, and as they do when they end.
        WrongOutputError: one wrote something else than it had to.
    """
    with ExitStack() as stack:
        entries = [still(replace(stack.enter_context(one), name=name)) for name, one in entering.items()]
        return abreast(entries, expected)


Sample = tuple[int, Mapping[str, int]]


def _go(entries: Sequence[Entry]) -> None:
    for entry in entries:
        entry.process.send_signal(signal.SIGCONT)


def _warm(entries: Sequence[Entry], expected: int) -> None:
    """Each begins, and stands still when it has."""
    waiting = list(entries)
    deadline = time.monotonic() + PATIENCE_S
    while waiting:
        for entry in list(waiting):
            if _count(entry, deadline) >= expected * WARM:
                waiting.remove(still(entry))
        time.sleep(POLL_S)


def _watched(entries: Sequence[Entry], expected: int) -> dict[str, list[Sample]]:
    seen: dict[str, list[Sample]] = {entry.name: [] for entry in entries}
    deadline = time.monotonic() + PATIENCE_S
    while all(not samples or samples[-1][0] < expected * DONE for samples in seen.values()):
        for entry in entries:
            count, samples = _count(entry, deadline), seen[entry.name]
            if not samples or count > samples[-1][0]:
                samples.append((count, {who: cpu_nanoseconds(pid) for who, pid in _pids(entry).items()}))
        time.sleep(POLL_S)
    return seen


def _until(entry: Entry, expected: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while _count(entry, deadline) < expected:
        time.sleep(POLL_S)


def _count(entry: Entry, deadline: float) -> int:
    count = entry.count()
    if entry.process.poll() is not None or time.monotonic() > deadline:
        raise LapFailedError(f"{entry.name}: {count} came out:\n{entry.log.read_text()[-2000:]}")
    return count


def _costs(samples: Sequence[Sample], expected: int, name: str) -> Mapping[str, float]:
    """By least squares over the moments at which more had come out, since that comes in runs of thousands."""
    counts = [count for count, _ in samples]
    if counts[-1] - counts[0] < LEAST * expected:
        raise LapFailedError(f"{name}: {counts[-1] - counts[0]} of {expected} came out while all worked: too few")
    return {who: 1e-3 / linear_regression([spent[who] for _, spent in samples], counts).slope for who in samples[0][1]}


def _pids(entry: Entry) -> dict[str, int]:
    return {"contestant": entry.process.pid, **entry.servers}


def _pin(pids: Sequence[int], cores: set[int]) -> None:
    """All threads, too."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(ProcessLookupError):  # it has just ended
                os.sched_setaffinity(int(task.name), cores)
