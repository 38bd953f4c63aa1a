"""The subject is a pure function of the set of identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identified import CheckedIdentifier
from schemas.identifiers import OTHER, PRIORITIES, is_blocked, normalise, subject_of

pairs = st.tuples(st.sampled_from([*PRIORITIES, "crm_id"]), st.text(min_size=1, max_size=8))
several = st.lists(pairs, min_size=1, max_size=5)


def _subject(found: list[tuple[str, str]]) -> str:
    return subject_of([CheckedIdentifier(kind, value) for kind, value in found])


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


addresses = st.text("ad@.<>'\",; \u200b:mailto?", max_size=24)
numbers = st.text("+0123456789 ()-./x", min_size=3, max_size=18) | st.from_regex(r"\+?[0-9]{5,15}", fullmatch=True)
written = st.tuples(st.just("email"), addresses) | st.tuples(st.just("phone"), numbers) | pairs
regions = st.sampled_from(["US", "DE", "GB", "IT", "MX", "AR", "BR", "JP", "IN", "RU"])


@given(written, regions)
def test_normal_form_is_stable(pair: tuple[str, str], region: str) -> None:
    once = normalise(*pair, region)
    assert normalise(pair[0], once, region) == once


@given(numbers, regions, regions)
def test_a_number_in_normal_form_is_the_same_in_every_country(number: str, region: str, other: str) -> None:
    once = normalise("phone", number, region)
    if once.startswith("+"):
        assert normalise("phone", once, other) == once


@pytest.mark.parametrize(
    "written",
    [
        *(
            " Ada@Example.COM ",
            "<ada@example.com>",
            '"Lovelace, Ada" <ada@example.com>',
            "Ada <mailto:ada@example.com>",
        ),
        *("mailto:ada@example.com?subject=Hi", "MAILTO:Ada@example.com", "'ada@example.com'", "ada@example.com."),
        *("ada@example.com;", "\ufeffada@example.com\u200b"),
    ],
)
def test_an_address_is_bare_and_in_lower_case(written: str) -> None:
    assert normalise("email", written) == "ada@example.com"


def test_no_provider_is_special() -> None:
    assert normalise("email", "a.d.a+shop@gmail.com") == "a.d.a+shop@gmail.com"
    assert normalise("email", "who?@example.com") == "who?@example.com"


@pytest.mark.parametrize(
    ("written", "region", "normal"),
    [
        ("(415) 555-2671", "US", "+14155552671"),
        ("1-415-555-2671", "US", "+14155552671"),
        ("+1 415.555.2671", "DE", "+14155552671"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("0049 151 12345678", "DE", "+4915112345678"),
        ("+49 (0) 151 12345678", "US", "+4915112345678"),
        ("tel:+1-415-555-2671", "US", "+14155552671"),
        ("\uff10\uff19\uff10-1234-5678", "JP", "+819012345678"),
        ("+1 415 555 2671 ext. 5", "US", "+14155552671;ext=5"),
        ("5550100", "US", "5550100"),
        (" 12345 ", "US", "12345"),
        ("n/a", "US", "n/a"),
        ("0000000000", "US", "0000000000"),
        ("99999999999999999999", "US", "99999999999999999999"),
    ],
)
def test_a_phone_number_is_e164_where_it_is_one(written: str, region: str, normal: str) -> None:
    assert normalise("phone", written, region) == normal


def test_other_values_are_trimmed_alone() -> None:
    assert normalise("user_id", " Ada\u00a0") == "Ada"
    assert normalise("sip", "+1 415 555 2671") == "+1 415 555 2671"


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


kinds = st.sampled_from(["user_id", "email", "facebook_id", "instagram_id", "crm_id", "erp_id", "anonymous_id"])
some_identifiers = st.lists(st.tuples(kinds, st.sampled_from(["", "a", "b", "null", "0", "z"])), min_size=1, max_size=6)


@given(some_identifiers)
def test_the_subject_is_the_least_by_priority_kind_and_value_among_those_that_say_something(
    found: list[tuple[str, str]],
) -> None:
    sound = [one for one in found if not is_blocked(one[1])]
    kind, value = min(sound or found, key=lambda one: (PRIORITIES.get(one[0], OTHER), *one))
    assert _subject(found) == f"{kind}:{value}"
