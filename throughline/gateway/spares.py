"""Connections that are open before anybody asks for one: a request does not wait for the half millisecond it takes."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from throughline.gateway.engine import Connection

MOST: Final = 2


class Spares:
    """Fresh connections: nobody has set or asked anything on them. Safe between threads; all of it may block."""

    def __init__(self, open_: Callable[[], Connection]) -> None:
        self._open = open_
        self._ready: SimpleQueue[Connection] = SimpleQueue()

    def take(self) -> Connection:
        """One that is ready, else a new one."""
        try:
            return self._ready.get_nowait()
        except Empty:
            return self._open()

    def refill(self) -> None:
        """Open another one where there are few."""
        if self._ready.qsize() < MOST:
            self._ready.put(self._open())

    def close(self) -> None:
        """Close those that nobody took."""
        while not self._ready.empty():
            self._ready.get().close()
