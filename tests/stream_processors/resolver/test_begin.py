from uuid import UUID

import pytest

from stream_processors.resolver.begin import Begin, State, begin, generation_of, mark_of, version_of
from stream_processors.transport import Found

TODAY, YESTERDAY = UUID(int=1), UUID(int=2)
DAY_MS = 24 * 3_600_000
SETTLED = State(generation=7, settled=7, topic_id=TODAY, position=15)


def begun(state: State, committed: int, mark: str, *, low: int = 0) -> Begin | None:
    return begin(state, TODAY, Found(committed, mark, low, 20), 3 * DAY_MS)


def test_who_wrote_last_goes_on_where_the_store_stopped() -> None:
    assert begun(SETTLED, 12, "generation=7") == Begin(15, 7, resumes=True)


@pytest.mark.parametrize(
    ("state", "mark", "offset", "generation"),
    [
        (SETTLED, "generation=9", 15, 10),  # another worker wrote in between
        (SETTLED, "", 15, 8),  # the commit is lost
        (SETTLED, "generation=x", 15, 8),
        (State(generation=7, settled=6, topic_id=TODAY, position=15), "generation=7", 15, 8),  # not all rows are out
        (State(generation=7, settled=7, topic_id=YESTERDAY, position=15), "generation=7", 0, 8),  # a topic made anew
        (State(generation=7, settled=7, topic_id=TODAY, position=25), "generation=7", 20, 8),  # records were lost
        (State(), "", 0, 3),  # at least the day's number
        (State(), "generation=7", 0, 8),  # the store is lost
        (State(generation=7, settled=7, covers=True), "generation=7", 0, 8),  # filled from the archive
    ],
)
def test_any_other_begins_a_generation_above_all_that_were(
    state: State, mark: str, offset: int, generation: int
) -> None:
    assert begun(state, 12, mark) == Begin(offset, generation, resumes=False)


def test_what_was_deleted_must_be_in_the_store() -> None:
    assert begun(State(), -1001, "", low=5) is None
    assert begun(SETTLED, 12, "generation=7", low=16) is None
    assert begun(SETTLED, 12, "generation=7", low=15) == Begin(15, 7, resumes=True)
    assert begun(State(covers=True), -1001, "", low=5) == Begin(5, 3, resumes=False)


def test_versions_of_a_generation_stand_above_all_of_the_one_before() -> None:
    assert version_of(8, -1) == version_of(8, 0) - 1 > version_of(7, (1 << 47) + 5)
    assert version_of(8, 4) == 8 << 48 | 4


def test_a_generation_is_read_from_its_mark() -> None:
    assert generation_of(mark_of(20_000)) == 20_000
    assert generation_of("pending=5") == generation_of("5") == 0
