from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.dates import instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 21 Nov 1997 09:55:06 -0600", datetime(1997, 11, 21, 15, 55, 6, tzinfo=UTC)),  # RFC 5322, A.1.1
        ("21 Nov 97 09:55:06 GMT", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),  # RFC 5322, A.6.2
        ("Tue, 1 Jul 2003 10:52:37 +0200 (CEST)", datetime(2003, 7, 1, 8, 52, 37, tzinfo=UTC)),
        ("Tue, 1 Jul 2003 10:52:37 -0000", datetime(2003, 7, 1, 10, 52, 37, tzinfo=UTC)),
        ("2026-03-02T17:04:21.454203Z", datetime(2026, 3, 2, 17, 4, 21, 454203, tzinfo=UTC)),
        ("2026-03-02 17:04:21", datetime(2026, 3, 2, 17, 4, 21, tzinfo=UTC)),
    ],
)
def test_a_date_is_an_instant(text: str, expected: datetime) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "now", "Mon, 32 Mar 2026 17:05:10 +0000", "1 Jan 1969 00:00:00 GMT", "31 Dec 2099 23:59:59 -0100",
     "1 Jan 2026 00:00:00 +9999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1" * 5000],
)  # fmt: skip
def test_no_instant_of_an_interaction(text: str) -> None:
    assert instant(text) is None


@given(st.text(max_size=120) | st.from_regex(r"[0-9]{1,3} (Jan|Feb) [0-9]{1,5} [0-9:]{1,9} [+-][0-9]{1,5}"))
def test_no_text_raises(text: str) -> None:
    time = instant(text)
    assert time is None or (time.tzinfo is UTC and 1970 <= time.year <= 2099)
