"""What counters rose by in the last five minutes, for who asks once and remembers nothing, as `throughline status`."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

EVERY_S: Final = 10.0
NOTES: Final = 30  # five minutes

Labels = tuple[str, ...]


class Recent:
    """The rise of a counter's children since the note of five minutes ago; since the start, while that is less."""

    def __init__(self, read: Callable[[], Mapping[Labels, float]], show: Callable[[Labels, float], None]) -> None:
        """`read`: the counts now, by labels; `show` is told by how much each rose."""
        self._read = read
        self._show = show
        self._noted: deque[Mapping[Labels, float]] = deque([{}], maxlen=NOTES)

    def note(self) -> None:
        """Read, and show."""
        counts = self._read()
        before = self._noted[0]
        for labels, count in counts.items():
            self._show(labels, count - before.get(labels, 0.0))
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
