"""ClickHouse as a process that may be killed: the embedded store and its gateway, always at the same address."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.ports import free_port
from throughline.gateway import running

_TRIES: Final = 4


class Engine:
    """The store in one folder. Its URL outlives its processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listen = f"127.0.0.1:{free_port()}"
        self.start()
        self.url = running.url(folder)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._close()

    def start(self) -> None:
        """Start it; returns when it answers. On a machine that is busy that may take more than it is given."""
        for _ in range(_TRIES):
            try:
                self._process = running.start(self._folder, self._listen)
            except running.StartError:
                continue
            return
        raise running.StartError("ClickHouse did not start")

    def pause(self) -> None:
        """Freeze it."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it orderly."""
        if self._process.poll() is None:
            running.stop(self._process)

    def _close(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """A ClickHouse for the while."""
    made = Engine(folder)
    try:
        yield made
    finally:
        made.stop()
