"""What counters rose by just now, for who asks once and remembers nothing: `throughline status`."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

EVERY_S: Final = 10.0
MINUTES: Final = {"1": 6, "5": 30}  # looked back, and how many notes that is
NOTES: Final = max(MINUTES.values())

Labels = tuple[str, ...]


class Recent:
    """The rise of a counter's children within one minute and within five; since the start, while that is less."""

    def __init__(self, read: Callable[[], Mapping[Labels, float]], show: Callable[[Labels, str, float], None]) -> None:
        """`read`: the counts now, by labels; `show` is told by how much each rose within how many minutes."""
        self._read = read
        self._show = show
        self._noted: deque[Mapping[Labels, float]] = deque([{}], maxlen=NOTES)

    def note(self) -> None:
        """Read, and show."""
        counts = self._read()
        for minutes, notes in MINUTES.items():
            before = self._noted[-min(notes, len(self._noted))]
            for labels, count in counts.items():
                self._show(labels, minutes, count - before.get(labels, 0.0))
        self._noted.append(counts)


def noting(recents: Sequence[Recent]) -> Callable[[], None]:
    """Note all of them again and again, in a thread; the answer stops it."""
    end = threading.Event()

    def run() -> None:
        while not end.wait(EVERY_S):
            for recent in recents:
                recent.note()

    thread = threading.Thread(target=run, name="recent", daemon=True)
    thread.start()

    def stop() -> None:
        end.set()
        thread.join()

    return stop
