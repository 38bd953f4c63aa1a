"""How often small inserts go to ClickHouse. Pure: the caller brings the clock.

An insert costs ClickHouse some 25 ms of CPU however few rows it has: many small ones take a core for themselves. So
there are so many a second, and some in advance: while little comes, it goes at once; when more comes, inserts become
larger instead of more. docs/decisions/0022 says why the number is fixed, 0026 why it is this one.

What is written in small parts is merged more often, and merges take a third to a half of ClickHouse's time (0043). As
the price grows with the square of the rows, inserts stay small up to some 9,000 rows a second, and above it grow until
they are 0.8 s apart.
"""

from typing import Final

RATE: Final = 16.0  # inserts of interactions a second
BURST: Final = 5.0  # that may be saved up
DEBT: Final = 3.0  # that many may run up
LARGE: Final = 12.0  # that one may run up which costs as much
LIGHT: Final = 0.3  # what an insert into a table with few columns and at most one view counts
ROWS: Final = 1500  # that cost as much again as the insert itself
MANY: Final = 2000  # that cost as much once more, twice as many four times as much: what is large goes seldom


class Pace:
    """An allowance of inserts that fills with time. A full one goes without asking, and is counted all the same."""

    def __init__(self, now: float) -> None:
        self._left = BURST
        self._at = now

    def allows(self, now: float) -> bool:
        """Whether a small insert may go now."""
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        return self._left >= 1.0

    def spend(self, rows: int, cost: float = 1.0) -> None:
        """An insert goes; `cost` is LIGHT for all but interactions."""
        price = cost * (1 + rows / ROWS + (rows / MANY) ** 2)
        debt = max(DEBT, min(price, LARGE), -self._left)
        self._left = max(-debt, self._left - price)
