"""The subject is a pure function of the set of identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.check import CheckedIdentifier
from schemas.identifiers import PRIORITIES, normalise, subject_of

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
