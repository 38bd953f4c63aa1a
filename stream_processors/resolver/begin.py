"""Where a shard begins after its assignment, and under which generation its rows are written. Pure.

A row's version is `generation << 48 | offset`, and equal versions must be equal rows. So a store that wrote last goes
on where it stopped, under its own generation; any other begins a new one, which it declares in the group's commit
before it emits anything: what others may still send is then older.
"""

from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from stream_processors.transport import Found

_MARK: Final = "generation="
_DAY_MS: Final = 24 * 3600 * 1000
_SHIFT: Final = 48


class State(msgspec.Struct, frozen=True):
    """What a store says of itself; written with each batch.

    Attributes:
        generation: of the rows that were written last.
        settled: the last one under which every row was written; 0: none, the store is new.
        topic_id: the topic that the position is of.
        position: the first offset that is not in the store; None: it has read nothing of this topic.
        pending: the last offset of a run that may have been emitted and is not in the store.
        covers: whether the store holds all that any beginning of a topic held: it was filled from the archive.
        profiles: of two and more identifiers.
    """

    generation: int = 0
    settled: int = 0
    topic_id: UUID | None = None
    position: int | None = None
    pending: int | None = None
    covers: bool = False
    profiles: int = 0


class Begin(NamedTuple):
    """How a shard begins.

    `offset`: the first record to read. `resumes`: it goes on where it stopped; else it catches up in silence to the
    end, and then writes every row.
    """

    offset: int
    generation: int
    resumes: bool


def begin(state: State, topic_id: UUID, found: Found, now: int) -> Begin | None:
    """How to begin; None: records were deleted that the store does not cover. `now`: milliseconds since 1970.

    A generation is at least the day's number, so that a resolver that lost everything begins above earlier days.
    """
    position = state.position if state.topic_id == topic_id else None
    marked = generation_of(found.mark)
    is_last = 0 < state.settled == state.generation == marked
    if is_last and position is not None and found.low <= position <= found.high:
        return Begin(position, marked, resumes=True)
    if position is None and (found.low == 0 or state.covers):
        position = found.low
    if position is None or position < found.low:
        return None
    generation = max(state.generation, marked, now // _DAY_MS - 1) + 1
    return Begin(min(position, found.high), generation, resumes=False)  # an end before the position: records were lost


def mark_of(generation: int) -> str:
    """The metadata of commits under a generation."""
    return f"{_MARK}{generation}"


def generation_of(mark: str) -> int:
    """The generation of a commit's metadata; 0 where there is none."""
    number = mark.removeprefix(_MARK)
    return int(number) if number != mark and number.isdecimal() else 0


def version_of(generation: int, offset: int) -> int:
    """The version of rows; `offset` -1 is before the first record and after all of the generation before."""
    return (generation << _SHIFT) + offset
