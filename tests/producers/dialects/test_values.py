"""Values are taken as they were meant, or refused."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.values import identity, moment, number, text

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ANY: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.none()), st.just({})
)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000+00:00",
        "2026-01-01t01:00:00+01:00",
        "2026-01-01 00:00:00 UTC",
        "2026-01-01 00:00:00",
        "2026-01-01",
        "20260101",
        1767225600,
        1767225600.0,
        "1767225600",
        1767225600000,
        "1767225600000",
        1767225600000000,
        1767225600000000000,
    ],
)
def test_one_moment_in_many_forms(value: object) -> None:
    assert moment(value, UTC) == NEW_YEAR


def test_a_time_without_an_offset_is_one_of_the_zone() -> None:
    assert moment("2026-07-01 12:00", ZoneInfo("Europe/Berlin")) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert moment("2026-07-01T12:00Z", timezone(timedelta(hours=2))) == datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "yesterday", "01.02.2026", "2026-13-01", None, True, [], {}, 1e300, "1e300"])
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no time"):
        moment(value, UTC)


@given(st.integers(126_230_400_000, 4_102_358_400_000))  # 1974 to 2099
def test_milliseconds_and_text_give_the_same_moment(since: int) -> None:
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=since)
    assert moment(since, UTC) == moment(str(since), UTC) == moment(time.isoformat(), UTC) == time


@pytest.mark.parametrize(("value", "wanted"), [("12.50", 12.5), (" -3 ", -3), ("1e3", 1000), (7, 7), (0.5, 0.5)])
def test_numbers(value: object, wanted: float) -> None:
    assert number(value) == wanted


@pytest.mark.parametrize(
    "value", ["12,50", "1_000", "nan", "inf", "", "1e999", float("nan"), float("inf"), True, None, []]
)
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        number(value)


@pytest.mark.parametrize(("value", "wanted"), [(" a ", "a"), (18446744073709551615, "18446744073709551615")])
def test_ids(value: object, wanted: str) -> None:
    assert identity(value) == wanted


@pytest.mark.parametrize("value", [1.5, 1.2345678901234568e19, True, None, [], {}])
def test_an_id_that_has_lost_digits_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="an id is expected"):
        identity(value)


@given(ANY)
def test_any_value_is_taken_or_refused_by_name(value: object) -> None:
    for convert in (text, identity, number, lambda value: moment(value, UTC)):
        with suppress(ValueError):
            assert convert(value) is not None
