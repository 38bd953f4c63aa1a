import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.json_text import mend, read, write
from tests.strategies import json_values


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\udc00\uD800x"', "\ufffd\ufffdx"),
        (rb'"\ud83d\ude00 \ud83d"', "\U0001f600 \ufffd"),
        (rb'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
        (rb'"\ud83d\\ude00\ude00\ude00"', "\ufffd\\ude00\ufffd\ufffd"),
        (rb'{"\ud800":["\ud83d\ud83d\ude00"]}', {"\ufffd": ["\ufffd\U0001f600"]}),
    ],
)
def test_half_a_character_does_not_spoil_the_document(raw: bytes, value: object) -> None:
    assert read(raw) == value


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'"\xed\xa0\x80"', rb'"\ud83"', rb'{"a":"\ud83d"', b"[" * 2000])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        read(raw)


@given(st.text(st.characters(exclude_categories=[])))
def test_what_javascript_writes_is_read_with_whole_characters_whole(text: str) -> None:
    whole = text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")
    assert read(json.dumps(text).encode()) == whole


@given(json_values)
def test_what_is_written_as_usual_is_left_alone(value: object) -> None:
    raw = orjson.dumps(value)
    assert orjson.loads(mend(raw)) == value
    assert write(value) == raw


@pytest.mark.parametrize("depth", [300, 1000])
def test_what_can_be_read_can_be_written(depth: int) -> None:
    raw = b'{"a":[' * (depth // 2) + b'1,"\xc3\xa9",{},[],{"b":null,"c":2}' + b"]}" * (depth // 2)
    assert write(orjson.loads(raw)) == raw


def test_a_leaf_that_json_does_not_have_is_shown() -> None:
    assert orjson.loads(write({"a": 2**70, "\ud800": ("x\udc00", 1)})) == {
        "a": "1180591620717411303424",
        "\\ud800": ["x\\udc00", 1],
    }
