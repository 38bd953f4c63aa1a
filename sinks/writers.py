"""The writers: threads beside the consumer's, each of which stores one load after another."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from sinks.company import Load
from sinks.lease import Lease
from sinks.ranges import Range


class Writers:
    """So many loads at the same time, each told once when it is done. All calls come from one thread.

    Attributes:
        busy: how many loads are under way.
    """

    def __init__(self, count: int, store: Callable[[Sequence[Lease], Sequence[Range]], None]) -> None:
        """`store`: tells the whole story of a load (`sinks.store`); called in the writers' threads."""
        self.busy = 0
        self._count = count
        self._store = store
        self._jobs: queue.SimpleQueue[Load] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Sequence[Lease], BaseException | None]] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin to wait for loads; the threads end with the process."""
        for number in range(self._count):
            threading.Thread(target=self._write, name=f"writer-{number}", daemon=True).start()

    def has_idle(self) -> bool:
        """Whether one waits for a load."""
        return self.busy < self._count

    def give(self, leases: Sequence[Lease], ranges: Sequence[Range]) -> None:
        """Have a load stored."""
        for lease, batch in zip(leases, ranges, strict=True):
            lease.flying = batch
            lease.flying_size = sum(map(len, batch.values))
        self.busy += 1
        self._jobs.put((leases, ranges))

    def done(self) -> Iterator[tuple[Sequence[Lease], int, BaseException | None]]:
        """Loads that were done since: whose they were, their bytes, and what stopped them; None: they are stored."""
        while not self._done.empty():
            leases, error = self._done.get()
            self.busy -= 1
            size = sum(lease.flying_size for lease in leases)
            for lease in leases:
                lease.flying, lease.flying_size = None, 0
            yield leases, size, error

    def _write(self) -> None:
        while True:
            leases, ranges = self._jobs.get()
            error: BaseException | None = None
            try:
                self._store(leases, ranges)
            except BaseException as raised:  # noqa: BLE001  the consumer's thread judges it
                error = raised
            del ranges
            self._done.put((leases, error))
