"""Records of one partition, gathered until they are worth an insert. Pure: the caller brings the clock."""

from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sinks.ranges import Mark, Range, Start, Where

STRANGE: Final = "not a JSON object in the form of this topic's records"


@dataclass(frozen=True, slots=True)
class Limits:
    """When a range is closed.

    Attributes:
        rows, size: at most so many rows and bytes in one insert; what has gathered to that is taken at once.
        linger: seconds that the first record waits for company.
        interval: seconds between two ranges of one partition; how often inserts go is `sinks.pace`'s.
    """

    rows: int = 60_000
    size: int = 36 << 20
    linger: float = 0.03
    interval: float = 0.15


class Gather:
    """What has arrived of one partition and is not yet in a range.

    The first range after a restart is exactly what the mark says; records that no table can take (`is_row` says no)
    come in ranges of their own that are refused without asking ClickHouse.

    Attributes:
        size: bytes that wait.
        oldest: when the oldest of them arrived, by the caller's clock; None when nothing waits.
        written: when Kafka got it, in seconds since 1970.
    """

    def __init__(self, where: Where, start: Start, is_row: Callable[[bytes], bool], limits: Limits) -> None:
        self.size = 0
        self.oldest: float | None = None
        self.written = 0.0
        self._where = where
        self._first = start.first
        self._mark: Mark | None = start.mark
        self._is_row = is_row
        self._limits = limits
        self._offsets = array("q")
        self._values: list[bytes] = []
        self._arrived: deque[tuple[int, float, float]] = deque()  # of each delivery's first: offset, arrival, written
        self._not_before = float("-inf")

    def add(self, offsets: "array[int]", values: list[bytes], now: float, written: float = 0.0) -> None:
        """Take a delivery in: records in their order, and when Kafka got the first of them."""
        self._offsets.extend(offsets)
        self._values += values
        self.size += sum(map(len, values))
        self._arrived.append((offsets[0], now, written))
        if self.oldest is None:
            self.oldest, self.written = now, written

    @property
    def rows(self) -> int:
        """How many records wait."""
        return len(self._values)

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a whole insert."""
        return self.rows >= self._limits.rows or self.size >= self._limits.size

    @property
    def replays(self) -> bool:
        """Whether the next range is the one that a mark names."""
        return self._mark is not None

    def is_due(self, now: float) -> bool:
        """Whether the next range need not wait for more."""
        if self.replays or self.is_full:
            return True
        waited = now - (self.oldest if self.oldest is not None else now)
        return now >= self._not_before and waited >= self._limits.linger

    def take(
        self, now: float, *, flush: bool = False, rows: int | None = None, size: int | None = None
    ) -> Range | None:
        """The next range, when it is due, of at most so many rows and bytes (one row at least)."""
        if self._mark is not None:
            return self._replay(self._mark)
        if not self._values or not (flush or self.is_due(now)):
            return None
        count = self._sound_rows(rows or self._limits.rows, size or self._limits.size)
        if count == 0:
            return self._cut(1, self._offsets[0]).refused(STRANGE)
        self._not_before = now + self._limits.interval
        return self._cut(count, self._offsets[count - 1])

    def _sound_rows(self, rows: int, size: int) -> int:
        """How many rows from the first on go into one insert."""
        taken = 0
        for count, value in enumerate(self._values[:rows]):
            taken += len(value)
            if not self._is_row(value) or (count and taken > size):
                return count
        return min(len(self._values), rows)

    def _replay(self, mark: Mark) -> Range | None:
        if not self._offsets or self._offsets[-1] < mark.last:
            return None
        self._mark = None
        count = sum(1 for offset in self._offsets if offset <= mark.last)
        batch = self._cut(count, mark.last)
        if mark.refused:
            return batch.refused("refused as data; the process ended before it could say more")
        return replace(batch, layout=mark.layout, beside=mark.beside)

    def _cut(self, count: int, last: int) -> Range:
        batch = Range(self._where, self._first, last, self._offsets[:count], self._values[:count])
        self._first = last + 1
        self.size -= sum(map(len, batch.values))
        del self._offsets[:count]
        del self._values[:count]
        if not self._offsets:
            self._arrived.clear()
            self.oldest = None
            return batch
        while len(self._arrived) > 1 and self._arrived[1][0] <= self._offsets[0]:
            self._arrived.popleft()
        _, self.oldest, self.written = self._arrived[0]
        return batch
