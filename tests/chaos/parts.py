"""A part of ours as a process: started, armed, killed, started again."""

import re
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tests.chaos.arm import UNARMED, Arm
from tests.chaos.nursery import Nursery

END_S: Final = 120.0
KILLED: Final = -signal.SIGKILL


class End(NamedTuple):
    """How a process ended.

    Attributes:
        status: its exit status, or minus the signal.
        seam: where it killed itself; empty: it did not.
        asked: it was killed or told to stop by us.
    """

    status: int
    seam: str
    asked: bool


class Part:
    """One process of one part. Safe between threads.

    Attributes:
        name: as `process`, or `process-2` for one more of them.
        ends: how each process of it ended, in order.
        off: protections that are off in every process of it.
        environment: of the processes to come.
    """

    def __init__(self, name: str, nursery: Nursery, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.ends: list[End] = []
        self.off: tuple[str, ...] = ()
        self.environment = dict(environment)
        self._nursery = nursery
        self._log = log
        self._pid: int | None = None
        self._arm = UNARMED
        self._asked = False
        self._lock = threading.RLock()

    def start(self, arm: Arm = UNARMED) -> bool:
        """Start it, and do not wait until it is ready; False: it runs already."""
        with self._lock:
            if self.runs:
                return False
            self._arm, self._asked = arm, False
            arm = Arm(arm.seam, arm.call, arm.hold_s, (*self.off, *arm.off), arm.jumps)
            self._pid = self._nursery.fork(self.name.partition("-")[0], self.environment, arm, self._log)
            return True

    @property
    def runs(self) -> bool:
        """Whether it runs; notes how it ended."""
        with self._lock:
            if self._pid is not None and (status := self._nursery.status(self._pid)) is not None:
                seam = self._arm.seam if status == KILLED and not self._asked else ""
                self.ends.append(End(status, seam, self._asked))
                self._pid = None
            return self._pid is not None

    @property
    def seam(self) -> str:
        """Where the process that runs is to kill itself; empty: nowhere, or none runs."""
        with self._lock:
            return self._arm.seam if self.runs else ""

    @property
    def pid(self) -> int | None:
        """Of the process that runs."""
        with self._lock:
            return self._pid if self.runs else None

    def kill(self) -> bool:
        """kill -9, and wait until it is gone; False: it was gone already."""
        with self._lock:
            if not self.runs or self._pid is None:
                return False
            self._asked = True
            self._nursery.kill(self._pid)
            return not self.runs

    def stop(self, *, may_be_young: bool = False) -> None:
        """Drain it once it listens to signals; it must end with 0.

        `may_be_young`: at once; then the signal may end it before it had begun.
        """
        deadline = time.monotonic() + END_S
        while not may_be_young and (pid := self.pid) is not None and not _drains(pid):
            assert time.monotonic() < deadline, f"{self.name} never listens to signals: {self.said()}"
            time.sleep(0.02)
        with self._lock:
            if not self._signal(signal.SIGTERM):
                return
            self._asked = True
        allowed = {0, -signal.SIGTERM} if may_be_young else {0}
        assert self.await_end() in allowed, f"{self.name} {self.ends[-1]}: {self.said()}"

    def pause(self) -> None:
        """Freeze it."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def await_end(self, within_s: float = END_S) -> int:
        """Wait until it has ended; its exit status, or minus the signal."""
        deadline = time.monotonic() + within_s
        while self.runs:
            assert time.monotonic() < deadline, f"{self.name} does not end: {self.said()}"
            time.sleep(0.02)
        return self.ends[-1].status

    def said(self, size: int = 3000) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-size:] if self._log.exists() else ""

    def await_said(self, text: str, within_s: float = END_S) -> None:
        """Wait until its log holds a text."""
        deadline = time.monotonic() + within_s
        while text not in self.said(1 << 20):
            assert time.monotonic() < deadline, f"{self.name} never said {text}: {self.said()}"
            time.sleep(0.05)

    def _signal(self, number: int) -> bool:
        with self._lock:
            if not self.runs or self._pid is None:
                return False
            self._nursery.signal(self._pid, number)
            return True


def _drains(pid: int) -> bool:
    """Whether a process has a handler for SIGTERM; True also for one that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)
