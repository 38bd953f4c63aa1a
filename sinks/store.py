"""The story of one range: pend, insert, commit. Exactly once through any crash.

1. Commit the range's first offset with a mark that names its last: whoever comes next reads exactly this range again.
2. Insert under a token that names the range: ClickHouse drops what comes a second time.
3. Commit the offset after it, without a mark.

A crash before 1 leaves no trace; between 1 and 3 the same range goes out again under the same token. A refused insert
has stored nothing, so the range may be cut and each piece told as a story of its own; a single record that is refused
is marked as such before it goes to `interactions.rejected`, so that no later version of ClickHouse takes it as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sinks.errors import TransientError
from sinks.ranges import Range

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Refused:
    """ClickHouse cannot take these bytes as data; nothing of them was stored.

    Attributes:
        detail: what it said.
        row: which row it said it about, from 0; None where it did not say.
    """

    detail: str
    row: int | None = None


class Log(Protocol):
    """One partition, as its writer sees it. Every call raises LostError once the partition has another owner."""

    def commit(self, position: int, mark: str) -> None:
        """Commit; returns when Kafka has it."""

    def reject(self, offset: int, value: bytes, detail: str) -> None:
        """Publish a record to `interactions.rejected`; returns when all replicas have it."""

    def pause(self, seconds: float) -> None:
        """Wait before the next try."""


class Table(Protocol):
    """A table of ClickHouse."""

    def insert(self, batch: Range) -> Refused | None:
        """Insert under the range's token. Raises TransientError when it is unknown whether it was stored."""


def store(batch: Range, log: Log, table: Table) -> None:
    """Store a range: afterwards each of its records is in the table or in `interactions.rejected`, once.

    Raises:
        LostError: the partition has another owner, who goes on from the mark.
    """
    todo = [batch]
    while todo:
        batch = todo.pop()
        if batch.state == "open":
            log.commit(batch.first, batch.mark)
            refused = _insert(batch, log, table)
            if refused is not None:
                todo += reversed(_smaller(batch, refused))
                continue
        else:
            log.commit(batch.first, batch.mark)
            for offset, value in zip(batch.offsets, batch.values, strict=True):
                log.reject(offset, value, batch.detail)
        log.commit(batch.last + 1, "")


def _insert(batch: Range, log: Log, table: Table) -> Refused | None:
    """Insert, again and again under the same token, until ClickHouse says yes or no."""
    if not batch.values:  # all of it was deleted before it could be read again
        return None
    pauses = _pauses()
    while True:
        try:
            return table.insert(batch)
        except TransientError:
            log.pause(next(pauses))


def _smaller(batch: Range, refused: Refused) -> tuple[Range, ...]:
    return (batch.refused(refused.detail),) if len(batch.values) == 1 else batch.split(refused.row)


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE_S)
