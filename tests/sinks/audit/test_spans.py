"""Spans are sets of offsets, written shorter."""

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sinks.audit.spans import Span, cut, joined, total, without

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)
one = st.tuples(st.integers(0, 30), st.integers(0, 30))


def offsets(given: Iterable[Span]) -> set[int]:
    return {offset for first, end in given for offset in range(first, end)}


@given(spans)
def test_joined_holds_the_same_in_the_fewest_spans(given: list[Span]) -> None:
    found = joined(given)
    assert offsets(found) == offsets(given)
    assert total(found) == len(offsets(given))
    assert all(left[1] < right[0] for left, right in pairwise(found))


@given(spans, one)
def test_cut_and_without_share_a_span_between_them(given: list[Span], within: Span) -> None:
    taken = joined(given)
    assert offsets(cut(taken, within)) == offsets(given) & offsets([within])
    assert offsets(without(within, taken)) == offsets([within]) - offsets(given)
    assert all(first < end for first, end in [*cut(taken, within), *without(within, taken)])
