"""The room on a disk: parts hold before a write would fail, and say so."""

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Final

from schemas.telemetry import Metrics, logger

_LOOK_S: Final = 0.5


class Disk:
    """The file system of a folder, and how much must stay free on it. Safe between threads."""

    def __init__(self, folder: Path, floor: int, free: Callable[[Path], int] | None = None) -> None:
        """`floor` in bytes; 0: nothing need be free. `free`: bytes that are, below a folder that exists."""
        self._folder = folder
        self._floor = floor
        self._free = free or _free
        self._was_low = False

    def tell(self, metrics: Metrics) -> None:
        """Serve what is free and what must be, asked whenever the metrics are: also while a part waits for room."""
        metrics.disk_free.set_function(lambda: self._free(_existing(self._folder)))
        metrics.disk_floor.set(self._floor)

    @property
    def is_low(self) -> bool:
        """Whether less is free than must be; a change is logged."""
        free = self._free(_existing(self._folder)) if self._floor else 0
        is_low = free < self._floor
        if is_low != self._was_low:
            self._was_low = is_low
            log = logger(folder=str(self._folder), free_bytes=free, floor_bytes=self._floor)
            if is_low:
                log.error("disk_filled_up")
            else:
                log.info("disk_recovered")
        return is_low

    @property
    def trouble(self) -> str | None:
        """What to tell others; None while there is room."""
        return f"less than {self._floor} bytes are free below data_dir (limits.free_disk)" if self.is_low else None

    def wait(self, ending: Event) -> bool:
        """Wait until there is room; False: it is time to end."""
        while self.is_low:
            if ending.wait(_LOOK_S):
                return False
        return True


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
