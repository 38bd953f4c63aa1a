"""Small ranges are bounded in number, and what comes seldom waits for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.pace import BURST, DEBT, LARGE, LIGHT, MANY, RATE, ROWS, Pace


def went(pace: Pace, begin: float, seconds: float, rows: int = 0) -> int:
    """How many ranges go within some seconds when there is always one."""
    count = 0
    for tick in range(round(seconds * 1000)):
        if pace.allows(begin + tick / 1000):
            pace.spend(rows)
            count += 1
    return count


def test_what_comes_seldom_goes_at_once() -> None:
    pace = Pace(0.0)
    for number in range(100):
        assert pace.allows(number / RATE)
        pace.spend(0)


def test_what_keeps_coming_goes_at_the_rate() -> None:
    pace = Pace(0.0)
    assert went(pace, 0.0, 1.0) == pytest.approx(RATE + BURST, abs=1)
    assert went(pace, 1.0, 100.0) == pytest.approx(100 * RATE, abs=1)


def test_large_ones_go_less_often() -> None:
    pace = Pace(0.0)
    assert went(pace, 0.0, 100.0, ROWS) == pytest.approx(100 * RATE / (2 + (ROWS / MANY) ** 2), rel=0.05)


def test_what_is_light_goes_more_often() -> None:
    pace = Pace(0.0)
    while pace.allows(0.0):
        pace.spend(0)
    count = 0
    for tick in range(1, 10_000):
        if pace.allows(tick / 1000):
            pace.spend(0, LIGHT)
            count += 1
    assert count == pytest.approx(10 * RATE / LIGHT, rel=0.05)


def flow(a_second: int, waiting: float = 0.0) -> list[float]:
    """When inserts go within twenty seconds; so many rows wait at first, and so many come a second."""
    pace, went_at = Pace(0.0), []
    for tick in range(1, 20_000):
        waiting += a_second / 1000
        if pace.allows(tick / 1000):
            pace.spend(round(waiting))
            went_at.append(tick / 1000)
            waiting = 0.0
    return went_at


@pytest.mark.parametrize(
    ("a_second", "least", "most"), [(1_000, 14, 16), (5_000, 11, 13), (12_000, 1, 2), (30_000, 1, 2)]
)
def test_above_nine_thousand_rows_a_second_they_are_large(a_second: int, least: float, most: float) -> None:
    assert least <= len(flow(a_second)) / 20 <= most


def test_what_has_stood_for_a_second_is_soon_as_it_was() -> None:
    went_at = [at for at in flow(5_000, 5_000) if at < 3.0]
    assert went_at[-1] - went_at[-2] < 0.1


def test_after_a_large_one_more_gathers() -> None:
    pace = Pace(0.0)
    pace.spend(30_000)
    pace.spend(0)  # what is full goes without asking; it forgives nothing
    assert not pace.allows(LARGE / RATE)
    assert pace.allows((1 + LARGE) / RATE + 0.001)


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 20)), max_size=50))
def test_however_many_went_the_next_may_go_soon(steps: list[tuple[float, int]]) -> None:
    pace, now = Pace(0.0), 0.0
    for pause, full in steps:
        now += pause
        pace.allows(now)
        for _ in range(full):
            pace.spend(ROWS)
        now += (1 + DEBT) / RATE + 0.001
        assert pace.allows(now)
