"""What is taken is of its type; what is left is kept; what does not fit is one item's fault."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.contract import Bad, Draft
from producers.dialects.reading import (
    ItemError,
    digest,
    drafted,
    loaded,
    take_part,
    take_text,
    take_texts,
    take_time,
    take_word,
)
from producers.json_text import write
from schemas.fates import Reason

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=10,
)


def deep(levels: int) -> object:
    value: object = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1458692752478, "2016-03-23T00:25:52.478000+00:00"),
        ("1458692752478", "2016-03-23T00:25:52.478000+00:00"),
        (1527459824, "2018-05-27T22:23:44+00:00"),
        ("1527459824", "2018-05-27T22:23:44+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        (None, None),
        ("", None),
    ],
)
def test_unix_times_come_in_four_forms(value: object, expected: str | None) -> None:
    time = take_time({"time": value}, "time")
    assert (time and time.isoformat()) == expected


@pytest.mark.parametrize("value", ["yesterday", -1, 1.5, True, [], {}, "9" * 16, "\u0661", 10**15 - 1])
def test_another_time_is_the_items_fault(value: object) -> None:
    with pytest.raises(ItemError) as caught:
        take_time({"time": value}, "time")
    assert caught.value.path == "time"


def test_what_is_taken_is_gone_and_what_is_not_stays() -> None:
    holder: dict[str, Any] = {"id": 7, "name": "Ada", "nick": "", "at": {"x": 1}, "more": [1]}
    assert take_word(holder, "id") == "7"
    assert take_texts(holder, "name", "nick", "none") == {"name": "Ada"}
    assert take_text(holder, "more", "nick") is None
    part = take_part(holder, "at")
    part["x"] = 2
    assert part == {"x": 2}
    assert holder == {"nick": "", "more": [1]}


@pytest.mark.parametrize("value", [True, 1.5, [], {}, [1]])
def test_a_word_is_a_text_or_a_whole_number(value: object) -> None:
    with pytest.raises(ItemError, match="expected"):
        take_word({"id": value}, "id")


@pytest.mark.parametrize("value", [True, 1, "x", [], [{}]])
def test_a_part_is_an_object(value: object) -> None:
    with pytest.raises(ItemError, match="object is expected"):
        take_part({"at": value}, "at")


@given(JSON)
def test_the_order_of_members_does_not_change_a_digest(value: object) -> None:
    turned = dict(reversed(value.items())) if isinstance(value, dict) else value
    assert digest(value) == digest(turned)


@given(JSON, JSON)
def test_other_values_have_other_digests(one: object, other: object) -> None:
    same = orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    assert (digest(one) == digest(other)) is same


@given(st.binary())
def test_any_body_is_json_or_bad(body: bytes) -> None:
    value = loaded(body)
    if isinstance(value, Bad):
        assert value.body == body
        assert value.fault.reason is Reason.NOT_JSON


def test_an_item_error_becomes_a_bad_item_with_its_place() -> None:
    def read() -> Draft:
        raise ItemError("no such thing", "kind")

    bad = drafted(read, "entry[3]", {"only": "this"})
    assert isinstance(bad, Bad)
    assert (bad.fault.path, bad.fault.detail, bad.body) == ("entry[3].kind", "no such thing", b'{"only":"this"}')


def test_what_has_no_digest_is_kept_alone_however_deep() -> None:
    draft = Draft("chat", "message", None, datetime(2026, 1, 1, tzinfo=UTC), [])

    def read() -> Draft:
        draft.message_id = digest(deep(300))
        return draft

    bad = drafted(read, "[0]", deep(300))
    assert isinstance(bad, Bad)
    assert (bad.fault.reason, bad.body) == (Reason.UNDECODABLE, write(deep(300)))
    assert drafted(lambda: draft, "[0]", None) is draft
