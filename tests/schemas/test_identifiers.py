"""The subject is a pure function of the set of identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.check import CheckedIdentifier
from schemas.identifiers import PRIORITIES, is_blocked, normalise, subject_of

pairs = st.tuples(st.sampled_from([*PRIORITIES, "crm_id"]), st.text(min_size=1, max_size=8))
several = st.lists(pairs, min_size=1, max_size=5)


def _subject(found: list[tuple[str, str]]) -> str:
    return subject_of(CheckedIdentifier(kind, value) for kind, value in found)


@given(several, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(found: list[tuple[str, str]], random: st.DataObject) -> None:
    shuffled = found + found[:1]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert _subject(shuffled) == _subject(found)


def test_the_stronger_kind_wins() -> None:
    assert _subject([("anonymous_id", "a"), ("email", "a@example.com"), ("user_id", "u1")]) == "user_id:u1"
    assert _subject([("anonymous_id", "a"), ("crm_id", "7"), ("phone", "+15550100")]) == "phone:+15550100"
    assert _subject([("anonymous_id", "a"), ("crm_id", "7")]) == "crm_id:7"


def test_nothing_has_no_subject() -> None:
    with pytest.raises(ValueError, match="empty"):
        _subject([])


@given(pairs)
def test_normal_form_is_stable(pair: tuple[str, str]) -> None:
    once = normalise(*pair)
    assert normalise(pair[0], once) == once


def test_email_is_lower_case() -> None:
    assert normalise("email", " Ada@Example.COM ") == "ada@example.com"
    assert normalise("user_id", " Ada ") == "Ada"


BLOCKED = [
    *("null", "NULL", "None", "undefined", "uNdEfInEd", "Guest", "anonymous", "distinct_id", "[object Object]", "NaN"),
    *("0", "000-00", "-1", "+000", "00000000-0000-0000-0000-000000000000", '"null"', "'guest'", '""'),
]


@pytest.mark.parametrize("value", BLOCKED)
def test_a_value_that_says_that_there_is_none_is_blocked(value: str) -> None:
    assert is_blocked(value)
    assert _subject([("user_id", value), ("anonymous_id", "a")]) == "anonymous_id:a"
    assert _subject([("user_id", value)]) == f"user_id:{value}"
    assert _subject([("user_id", value), ("anonymous_id", "null")]) == f"user_id:{value}"


@pytest.mark.parametrize("value", ["nan", "Nullmeier", "100", "guest1", "a@b.c", "+4930", "-10", "[object]", "'x'"])
def test_what_may_be_a_name_is_not_blocked(value: str) -> None:
    assert not is_blocked(value)


@given(several)
def test_the_subject_is_one_of_them_and_sound_where_one_is(found: list[tuple[str, str]]) -> None:
    subject = _subject(found)
    assert subject in {f"{kind}:{value}" for kind, value in found}
    assert is_blocked(subject.partition(":")[2]) == all(is_blocked(value) for _, value in found)
