"""A mark that a process of a part runs. One that is found without its owner tells that a run was cut off.

Whoever is killed, by a hand or for want of memory, logs nothing: this is how the next run can say so.
"""

import fcntl
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def marked(folder: Path, part: str) -> Iterator[bool]:
    """Hold a mark in this folder; yields whether an earlier run of the part left its own there, without an end.

    Replicas may share the folder: a mark is locked for as long as its owner lives. Where none can be made, nothing is.
    """
    with ExitStack() as held:
        was_cut_off = False
        own = folder / f"{part}.{uuid4().hex}.runs"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            was_cut_off = _sweep(folder, part)
            fresh = own.with_suffix(".new")
            file = held.enter_context(fresh.open("w"))
            held.callback(own.unlink, missing_ok=True)
            _lock(file)
            fresh.rename(own)  # locked from the first moment at which others can see it
        yield was_cut_off


def _sweep(folder: Path, part: str) -> bool:
    """Remove the marks that nobody holds; whether there were any."""
    found = False
    for mark in folder.glob(f"{part}.*.runs"):
        with mark.open() as file, suppress(BlockingIOError):
            _lock(file)
            mark.unlink(missing_ok=True)
            found = True
    return found


def _lock(file: io.TextIOWrapper) -> None:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
