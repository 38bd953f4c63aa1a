"""Durations, sizes and addresses are read and written in one form."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ByteSize, TypeAdapter

from schemas.units import Duration, as_written

DURATION = TypeAdapter[timedelta](Duration)
SIZE = TypeAdapter(ByteSize)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(hours=24), "24h"),
        (timedelta(days=32), "32d"),
        (timedelta(minutes=10), "10m"),
        (timedelta(seconds=90), "90s"),
        (timedelta(milliseconds=1500), "1500ms"),
        (timedelta(0), "0ms"),
        (ByteSize(4 << 20), "4MiB"),
        (ByteSize(1_000_000), "1000000"),
        (ByteSize(0), "0"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_values_are_written_as_people_write_them(value: object, text: str) -> None:
    assert as_written(value) == text


@given(st.integers(0, 10**10))
def test_what_is_written_is_read_as_the_same(number: int) -> None:
    duration = timedelta(milliseconds=number)
    assert DURATION.validate_python(as_written(duration)) == duration
    assert SIZE.validate_python(as_written(ByteSize(number))) == number
