"""Whom a name stands for, worked out from rows of the map as `customer_timeline` has it."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import BEGIN, END
from throughline.whose import Foreign, Member, foreign_of, now_of

ADA, BOB, ONCE, OTHER = (UUID(int=number) for number in range(1, 5))


def member(subject: str, *owners: UUID, own: UUID = OTHER) -> Member:
    return Member(subject, own, [*range(10, 10 * len(owners), 10), END], owners)


def test_a_profiles_id_stands_for_itself_while_it_owns_anything() -> None:
    assert now_of(ONCE, [member("a:1", ADA), member("a:2", ONCE, ADA)]) == ONCE


def test_then_for_whoever_has_the_identifier_that_it_was_made_from() -> None:
    assert now_of(ONCE, [member("a:1", ADA), member("a:2", ADA), member("a:3", ADA, BOB, own=ONCE)]) == BOB


def test_then_for_whoever_has_most_of_it() -> None:
    assert now_of(ONCE, [member("a:1", BOB), member("a:2", ADA), member("a:3", ADA)]) == ADA


@given(st.lists(st.sampled_from([ADA, BOB]), min_size=1, max_size=5), st.integers(BEGIN, END - 1))
def test_every_moment_is_the_owners_or_foreign(owners: list[UUID], moment: int) -> None:
    one = member("a:1", *owners)
    owner = next(whose for until, whose in zip(one.untils, owners, strict=True) if moment < until)
    assert any(begin <= moment < end for _, begin, end in foreign_of(one, ADA)) == (owner != ADA)


def test_what_was_always_the_owners_needs_no_ranges() -> None:
    assert foreign_of(member("a:1", ADA), ADA) == []
    assert foreign_of(member("a:1", BOB, ADA), ADA) == [Foreign("a:1", BEGIN, 10)]
