import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.named import named
from tests.strategies import json_values


def test_names_that_say_whose_they_are_and_no_others() -> None:
    said = {"user_id": 7, "email": " a@b.c ", "phone_number": "(415) 867-5310", "customer_id": "9", "plan": "pro"}
    assert named(said) == [("user_id", "7"), ("email", "a@b.c"), ("phone", "(415) 867-5310")]


def test_the_same_said_twice_counts_once() -> None:
    assert named({"userId": "u", "user_id": "u", "phone": "1", "phone_number": "2"}) == [
        ("user_id", "u"), ("phone", "1"), ("phone", "2")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [{"email": "n/a"}, {"phone": "none"}, {"user_id": ""}, {"user_id": True}, {"user_id": None}, {"user_id": 1.5},
     {"user_id": "x" * 600}, {"email": ["a@b.c"]}],
)  # fmt: skip
def test_what_names_nobody(said: dict[str, object]) -> None:
    assert named(said) == []


@given(st.dictionaries(st.sampled_from(["user_id", "email", "phone", "anonymousId", "x"]), json_values))
def test_any_json_will_do(said: dict[str, object]) -> None:
    assert all(value and kind in {"user_id", "anonymous_id", "email", "phone"} for kind, value in named(said))
