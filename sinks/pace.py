"""How often small ranges go to ClickHouse. Pure: the caller brings the clock.

An insert costs ClickHouse some 35 ms of CPU however few rows it has: many small ones take a core for themselves. So all
partitions together have so many a second, and some in advance: while little comes, each range goes at once; when more
comes, ranges become larger instead of more. docs/decisions/0022 says why the number is fixed.
"""

from typing import Final

RATE: Final = 12.0  # ranges of interactions a second
BURST: Final = 5.0  # that may be saved up
LIGHT: Final = 0.3  # what a range for a table with few columns and at most one view counts


class Pace:
    """An allowance of ranges that fills with time. A full range goes without asking, and is counted all the same."""

    def __init__(self, now: float) -> None:
        self._left = BURST
        self._at = now

    def allows(self, now: float) -> bool:
        """Whether a small range may go now."""
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        return self._left >= 1.0

    def spend(self, cost: float = 1.0) -> None:
        """A range goes; `cost` is LIGHT for all but interactions."""
        self._left = max(0.0, self._left - cost)
