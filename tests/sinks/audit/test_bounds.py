"""Which positions were accepted, and which must have a fate."""

import math

import pytest

from sinks.audit.bounds import GONE_S, Bounds, Mark, Seen, of_gone, of_living, since

MARK = Mark(first=10, end=80, settled=50, looked_at=1000.0, before=30)


@pytest.mark.parametrize(
    ("seen", "mark", "fated", "caught_up", "expected"),
    [
        (Seen(0, 0, 0), None, None, True, Bounds(0, 0, 0)),
        (Seen(0, 9, 4), None, None, True, Bounds(0, 4, 9)),
        (Seen(0, 9, 4), None, None, False, Bounds(0, 0, 9)),  # the sinks are behind: nothing is known to be stored
        (Seen(0, 99, 70), MARK, None, False, Bounds(0, 50, 99)),  # but what was known stays known
        (Seen(0, 99, 70), MARK, None, True, Bounds(0, 70, 99)),
        (Seen(0, 99, 20), MARK, None, True, Bounds(0, 50, 99)),  # processors that were set back take nothing away
        (Seen(60, 99, 70), MARK, None, True, Bounds(10, 70, 99)),  # what retention deleted was accepted all the same
        (Seen(60, 99, 70), None, (3, 70), True, Bounds(3, 70, 99)),  # and the fates know of it, too
        (Seen(60, 99, 55), None, None, True, Bounds(60, 60, 99)),
        (Seen(60, 99, 55), MARK, None, True, Bounds(10, 60, 99)),  # deleted before it was processed: lost
        (Seen(0, 5, 70), None, None, True, Bounds(0, 0, 5)),  # the commit is of an older topic of that name
        (Seen(0, 5, 5), None, (8, 10), True, Bounds(0, 5, 5)),  # fates that are younger than the end
        (Seen(0, 70, 70), MARK, None, True, Bounds(0, 70, 80)),  # an end that steps back for a moment
    ],
)
def test_a_living_partition(
    seen: Seen, mark: Mark | None, fated: tuple[int, int] | None, caught_up: bool, expected: Bounds
) -> None:
    assert of_living(seen, mark, fated, caught_up=caught_up) == expected


@pytest.mark.parametrize(
    ("mark", "fated", "caught_up", "now", "expected"),
    [
        (MARK, None, True, math.inf, Bounds(10, 80, 80)),
        (MARK, (5, 90), True, math.inf, Bounds(5, 90, 90)),  # the fates may know more than the last mark
        (MARK, (5, 90), True, 1000.0 + GONE_S - 1, Bounds(5, 50, 90)),  # something may still be on its way
        (MARK, (5, 90), False, math.inf, Bounds(5, 50, 90)),
        (None, (5, 90), True, 0.0, Bounds(5, 90, 90)),
        (None, (5, 90), False, 0.0, Bounds(5, 5, 90)),
    ],
)
def test_a_partition_that_kafka_no_longer_has(
    mark: Mark | None, fated: tuple[int, int] | None, caught_up: bool, now: float, expected: Bounds
) -> None:
    assert of_gone(mark, fated, caught_up=caught_up, now=now) == expected


@pytest.mark.parametrize(
    ("begin", "expected"),
    [(0, Bounds(2, 5, 9)), (4, Bounds(4, 5, 9)), (7, Bounds(7, 7, 9)), (12, Bounds(9, 9, 9))],
)
def test_bounds_from_a_position_on(begin: int, expected: Bounds) -> None:
    assert since(Bounds(2, 5, 9), begin) == expected
