"""What identifiers come to is the same whether it was kept or not."""

from itertools import permutations

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identified import CheckedIdentifier, Identified, identified
from schemas.identifiers import PRIORITIES, is_blocked, subject_of

KINDS = st.sampled_from([*PRIORITIES, "crm_id"])
VALUES = st.text(min_size=1, max_size=40) | st.sampled_from(["null", "0000", "x" * 512, 'a"b', "\u2028"])
PAIRS = st.lists(st.tuples(KINDS, VALUES), min_size=1, max_size=6)


def of(pairs: list[tuple[str, str]]) -> Identified:
    return identified(msgspec.Raw(orjson.dumps([{"kind": kind, "value": value} for kind, value in pairs])))


@given(PAIRS)
def test_it_says_what_the_identifiers_say(pairs: list[tuple[str, str]]) -> None:
    who = of(pairs)
    assert [(one.kind, one.value) for one in who.identifiers] == pairs
    assert who.subject == subject_of(who.identifiers)
    assert who.key == who.subject.encode()
    assert orjson.loads(b"{%b}" % who.member) == {"subject": who.subject}
    names = [f"{kind}:{value}" for kind, value in pairs if not is_blocked(value)]
    assert [other for other, _ in who.others] == [name for name in names if name != who.subject]
    assert of(pairs) == who


@given(PAIRS, PAIRS)
def test_the_texts_of_pairs_differ_where_the_pairs_differ(
    one: list[tuple[str, str]], two: list[tuple[str, str]]
) -> None:
    texts = {text: (who.subject, other) for who in (of(one), of(two)) for other, text in who.others}
    assert len(set(texts.values())) == len(texts)
    assert {(who.subject, other) for who in (of(one), of(two)) for other, _ in who.others} == set(texts.values())


def test_the_order_of_identifiers_does_not_change_the_subject() -> None:
    pairs = [("anonymous_id", "a"), ("user_id", "null"), ("email", "a@b.c")]
    assert {of(list(order)).subject for order in permutations(pairs)} == {"email:a@b.c"}


@pytest.mark.parametrize(
    "broken", [b"null", b"{}", b"[]", b'[{"kind":"X","value":"y"}]', b'[{"kind":"x"}]', b'[{"kind":"x","value":""}]']
)
def test_what_is_no_list_of_identifiers_is_refused_each_time(broken: bytes) -> None:
    for _ in range(2):
        with pytest.raises((ValueError, msgspec.DecodeError)):
            identified(msgspec.Raw(broken))


def test_long_ones_are_not_kept() -> None:
    pairs = [("user_id", "x" * 512), ("email", "y" * 512)]
    assert of(pairs) is not of(pairs)
    assert of(pairs[:1]) is not of(pairs[:1])
    assert of([("user_id", "u")]) is of([("user_id", "u")])
    assert isinstance(of(pairs).identifiers[0], CheckedIdentifier)
