"""A disk that can be filled: a small file system where we may mount one; else a limit on the size of files.

Where mounting is refused (a container without the right), the limit makes every write of a running process fail too.
"""

import ctypes
import os
import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_BALLAST: Final = "ballast"
_PIECE: Final = 1 << 20
_DETACH: Final = 2  # MNT_DETACH: also while a file on it is open


class Disk:
    """A folder whose room can be taken away.

    Attributes:
        is_mounted: whether it is a file system of its own.
    """

    def __init__(self, folder: Path, size: int) -> None:
        """`size` in bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.is_mounted = not self._libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode())

    def fill(self, pids: Iterable[int]) -> None:
        """Leave no room: not a byte, or none for these processes."""
        if not self.is_mounted:
            for pid in pids:
                _limit(pid, 0)
            return
        with suppress(OSError), (self._folder / _BALLAST).open("wb", buffering=0) as ballast:
            for piece in (_PIECE, 4096, 1):
                with suppress(OSError):
                    while ballast.write(b"\0" * piece) == piece:
                        pass

    def free(self, pids: Iterable[int]) -> None:
        """Give the room back."""
        if self.is_mounted:
            (self._folder / _BALLAST).unlink(missing_ok=True)
            return
        for pid in pids:
            with suppress(ProcessLookupError):
                _limit(pid, resource.RLIM_INFINITY)

    def close(self) -> None:
        """Take it away, with all that is on it."""
        if self.is_mounted:
            self._libc.umount2(os.fsencode(self._folder), _DETACH)


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Disk]:
    """A disk for the while."""
    made = Disk(folder, size)
    try:
        yield made
    finally:
        made.close()


def _limit(pid: int, size: int) -> None:
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))
