"""The seams: functions of ours before or after which a process dies, one for each step that a crash may split.

The product knows nothing of them. A child process wraps the function before it begins to work (`armed`), and
`test_seams` holds every name, so that a function that is renamed takes its seam along.
"""

import functools
import inspect
import os
import signal
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple

from tests.chaos.arm import Arm


class Seam(NamedTuple):
    """A place to die at.

    Attributes:
        target: module:Class.function.
        moment: before the function runs, or after it has returned.
    """

    target: str
    moment: Literal["before", "after"]


_COMMITTING: Final = Seam("stream_processors.transport.poller:Poller._places", "before")
_COMMITTED: Final = Seam("stream_processors.transport.progress:Progress.committed", "after")

SEAMS: Final[dict[str, Seam]] = {
    # accept: judge -> publish -> answer
    "serve.judged": Seam("producers.accept:Acceptor._verified", "after"),
    "serve.acknowledged": Seam("producers.publish:_Batch.report", "before"),
    "serve.published": Seam("producers.publish:Publisher.publish", "after"),
    # step: judge -> send -> flush -> write keys and position -> allow the commit
    "process.judged": Seam("stream_processors.pipeline:Pipeline._judge", "after"),
    "process.produced": Seam("stream_processors.pipeline:Pipeline._send", "after"),
    "process.flushed": Seam("stream_processors.outlet:Outlet.flush", "after"),
    "process.writing": Seam("stream_processors.store:Store.write", "before"),
    "process.written": Seam("stream_processors.store:Store.write", "after"),
    "process.committing": _COMMITTING,
    "process.committed": _COMMITTED,
    # resolve: pending -> resolve -> emit -> write -> allow the commit
    "resolve.pending": Seam("stream_processors.resolver.graph:Graph.note", "after"),
    "resolve.emitting": Seam("stream_processors.resolver.emitter:Emitter.emit", "before"),
    "resolve.emitted": Seam("stream_processors.resolver.emitter:Emitter.emit", "after"),
    "resolve.writing": Seam("stream_processors.resolver.graph:Graph.write", "before"),
    "resolve.written": Seam("stream_processors.resolver.graph:Graph.write", "after"),
    "resolve.committing": _COMMITTING,
    "resolve.committed": _COMMITTED,
    # store: pend -> insert -> commit
    "sink.pending": Seam("sinks.lease:WriterLog.pend", "before"),
    "sink.pended": Seam("sinks.lease:WriterLog.pend", "after"),
    "sink.inserting": Seam("sinks.warehouse:Warehouse.insert", "before"),
    "sink.inserted": Seam("sinks.warehouse:Warehouse.insert", "after"),
    "sink.committing": Seam("sinks.lease:WriterLog.finish", "before"),
    "sink.committed": Seam("sinks.lease:WriterLog.finish", "after"),
}


def part_of(seam: str) -> str:
    """Which part has this seam."""
    return seam.partition(".")[0]


def function_of(target: str) -> tuple[type, str, Callable[..., Any]]:
    """The class, the name and the function of a target.

    Raises:
        AttributeError, ImportError: there is none.
    """
    module, _, path = target.partition(":")
    class_name, _, name = path.partition(".")
    owner: type = getattr(import_module(module), class_name)
    return owner, name, vars(owner)[name]


def plant(arm: Arm, die: Callable[[], None] | None = None) -> None:
    """Wrap the seam's function, so that the process dies there."""
    seam = SEAMS[arm.seam]
    owner, name, function = function_of(seam.target)
    setattr(owner, name, _wrapped(function, seam, _Fuse(arm, die or _die)))


class _Fuse:
    """Counts the passes; the one that is meant is the last."""

    def __init__(self, arm: Arm, die: Callable[[], None]) -> None:
        self._left = arm.call
        self._hold_s = arm.hold_s
        self._die = die
        self._lock = threading.Lock()

    def burn(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left:
                return
        time.sleep(self._hold_s)
        self._die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wrapped(function: Callable[..., Any], seam: Seam, fuse: _Fuse) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def slow(*arguments: object, **named: object) -> object:
            if seam.moment == "before":
                fuse.burn()
            answer = await function(*arguments, **named)
            if seam.moment == "after":
                fuse.burn()
            return answer

        return slow

    @functools.wraps(function)
    def quick(*arguments: object, **named: object) -> object:
        if seam.moment == "before":
            fuse.burn()
        answer = function(*arguments, **named)
        if seam.moment == "after":
            fuse.burn()
        return answer

    return quick
