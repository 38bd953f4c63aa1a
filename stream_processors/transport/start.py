"""Where the reading of a partition begins, and whether records were lost before it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """A position to read from.

    Attributes:
        offset: the first record to read.
        alarm: what is wrong with the committed position; empty when nothing is.
    """

    offset: int
    alarm: str = ""


def start(committed: int, low: int, high: int, *, from_beginning: bool) -> Start:
    """The start of a partition that holds the records [low, high). `committed` is negative where there is none."""
    if committed < 0:
        return Start(low if from_beginning else high)
    if committed < low:
        return Start(low, f"{low - committed} records were deleted before they were read: retention is too short")
    if committed > high:
        return Start(low, f"the committed position {committed} is beyond the end {high}: the topic was made anew")
    return Start(committed)
