"""Where processes come from: one process that has imported everything, and forks a part whenever it is told to.

To import the parts takes seconds of CPU, a fork milliseconds: a suite that lives on kills would else spend its time on
starts. What runs in the child is `throughline PART`, as in a process of its own, and it is one.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict

from tests.chaos.arm import VARIABLE, Arm

ROOT: Final = Path(__file__).parent.parent.parent
_LOOK_S: Final = 0.02  # between two looks for children that have ended
_WAIT_S: Final = 120.0


class Nursery:
    """The parent's side. Safe between threads."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.chaos.nursery"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        self._changed = threading.Condition()
        self._born: list[int] = []
        self._ended: dict[int, int] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def fork(self, part: str, environment: Mapping[str, str], arm: Arm, log: Path) -> int:
        """Start a part; its pid."""
        order: _Order = {"part": part, "environment": {**environment, **arm.environment()}, "log": str(log)}
        stdin = self._process.stdin
        assert stdin is not None
        with self._lock:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            with self._changed:
                assert self._changed.wait_for(lambda: bool(self._born), _WAIT_S), "nothing was born"
                return self._born.pop()

    def status(self, pid: int) -> int | None:
        """How it ended: its exit status, or minus the signal; None: it runs."""
        return self._ended.get(pid)

    def kill(self, pid: int) -> None:
        """kill -9, and wait until it is gone."""
        self.signal(pid, signal.SIGKILL)
        with self._changed:
            assert self._changed.wait_for(lambda: pid in self._ended, _WAIT_S), "it does not die"

    def signal(self, pid: int, number: int) -> None:
        """Send a signal, unless it has ended."""
        if pid not in self._ended:
            os.kill(pid, number)

    def close(self) -> None:
        """End it; it kills what is left."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(_WAIT_S)

    def _listen(self) -> None:
        out = self._process.stdout
        assert out is not None
        try:
            for line in out:
                what, pid, status = line.split()
                with self._changed:
                    if what == "born":
                        self._born.append(int(pid))
                    else:
                        self._ended[int(pid)] = int(status)
                    self._changed.notify_all()
        except ValueError:  # closed
            return


def main() -> None:
    """The child's side: orders on stdin, births and ends on stdout, until stdin ends."""
    _prepare()
    children: set[int] = set()
    orders = b""
    while True:
        if select.select([0], [], [], _LOOK_S)[0]:
            piece = os.read(0, 1 << 16)
            if not piece:
                break
            *lines, orders = (orders + piece).split(b"\n")
            for line in lines:
                children.add(_bear(json.loads(line)))
        while children and (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            children.discard(pid)
            _say("ended", pid, os.waitstatus_to_exitcode(status))
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _prepare() -> None:
    """Import what the parts import. A thread would not live on in a fork, so there may be none."""
    import throughline.commands.audit
    import throughline.commands.parts
    import throughline.commands.resolve  # noqa: F401  all of these: to be there

    assert threading.active_count() == 1


class _Order(TypedDict):
    """What a child is to be."""

    part: str
    environment: dict[str, str]
    log: str


def _bear(order: _Order) -> int:
    pid = os.fork()
    if pid:
        _say("born", pid, 0)
        return pid
    status = 1
    try:
        status = _live(order)
    finally:
        os._exit(status)


def _live(order: _Order) -> int:
    """Be the part."""
    from tests.chaos.armed import main as part

    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["environment"])
    assert VARIABLE in os.environ
    sys.argv = ["throughline", order["part"]]
    try:
        part()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  the end of a process
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _say(what: str, pid: int, status: int) -> None:
    os.write(1, f"{what} {pid} {status}\n".encode())


if __name__ == "__main__":
    main()
