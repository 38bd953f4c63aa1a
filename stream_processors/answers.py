"""Questions to a thread, and its answers; a thread that has ended answers no more, and that is said."""

from concurrent.futures import Future, wait
from threading import Thread
from typing import Final, TypeVar

_SLICE_S: Final = 0.2
T = TypeVar("T")


class EndedError(Exception):
    """The thread of work has ended, and can answer no more."""


def answer_of(thread: Thread, asked: "Future[T]") -> T:
    """Wait until the thread has answered; raises what it answered with.

    Raises:
        EndedError: it has ended.
    """
    while not asked.done():
        wait([asked], _SLICE_S)
        if not thread.is_alive() and not asked.done():
            raise EndedError
    return asked.result()
