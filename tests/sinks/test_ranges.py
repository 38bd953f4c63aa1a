"""Marks and starts."""

from array import array
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from sinks.ranges import MEMBERS, Mark, Range, Span, Where, body, decode_mark, start_of, together

ID, OTHER = UUID(int=1), UUID(int=2)
OFFSETS = st.integers(0, 2**63 - 1)
SPANS = st.lists(st.builds(Span, st.integers(0, 99_999), OFFSETS, OFFSETS), max_size=MEMBERS - 1).map(tuple)
MARKS = st.builds(Mark, st.booleans(), OFFSETS, st.uuids(), st.integers(0, 99), SPANS)


@given(MARKS)
def test_a_mark_comes_back_as_it_was(mark: Mark) -> None:
    assert decode_mark(mark.encode()) == mark
    assert len(mark.encode()) < 4096


@given(st.text() | st.none())
def test_metadata_of_others_is_no_mark(text: str | None) -> None:
    assert decode_mark(text) is None


def test_a_new_group_begins_with_the_first_record() -> None:
    assert start_of(ID, None, None, 5, 9).read_from == 5


def test_a_group_goes_on_where_it_was() -> None:
    start = start_of(ID, 7, "", 5, 9)
    assert (start.first, start.read_from, start.mark, start.lost) == (7, 7, None, "")


def test_a_pending_range_is_read_again_from_its_first_offset() -> None:
    mark = Mark(refused=False, last=8, topic_id=ID)
    start = start_of(ID, 7, mark.encode(), 5, 9)
    assert (start.first, start.read_from, start.mark, start.lost) == (7, 7, mark, "")


def test_deleted_records_are_told_and_the_range_keeps_its_name() -> None:
    mark = Mark(refused=False, last=8, topic_id=ID)
    start = start_of(ID, 2, mark.encode(), 5, 9)
    assert (start.first, start.read_from, start.mark) == (2, 5, mark)
    assert "2 to 4" in start.lost


def test_a_range_that_is_gone_altogether_is_told() -> None:
    start = start_of(ID, 2, Mark(refused=False, last=3, topic_id=ID).encode(), 5, 9)
    assert (start.first, start.mark) == (5, None)
    assert start.lost


def test_a_position_beyond_the_end_begins_anew() -> None:
    assert start_of(ID, 12, "", 5, 9).first == 5
    assert start_of(ID, 12, "", 5, 9).lost
    assert start_of(ID, 8, Mark(refused=False, last=9, topic_id=ID).encode(), 5, 9).first == 5


def test_a_mark_of_a_topic_that_was_made_anew_is_not_followed() -> None:
    start = start_of(ID, 7, Mark(refused=False, last=8, topic_id=OTHER).encode(), 0, 9)
    assert (start.first, start.mark) == (0, None)
    assert start.lost


@given(st.integers(2, 40), st.none() | st.integers(-5, 50))
def test_a_split_range_is_the_same_records(count: int, row: int | None) -> None:
    offsets = array("q", range(100, 100 + 2 * count, 2))
    whole = Range(Where("t", ID, 0), 99, offsets[-1], offsets, [b"%d" % o for o in offsets])
    left, right = whole.split(row)
    assert list(left.offsets) + list(right.offsets) == list(offsets)
    assert list(left.values) + list(right.values) == list(whole.values)
    assert (left.first, left.last + 1, right.last) == (whole.first, right.first, whole.last)
    assert left.values
    assert right.values
    assert left.token != whole.token != right.token


@given(st.permutations(range(4)))
def test_ranges_that_go_together_have_one_token_in_whatever_order(order: list[int]) -> None:
    ranges = [Range(Where("t", ID, at), at, 9, array("q", [9]), [b"%d" % at]) for at in order]
    joined = together(ranges)
    assert {batch.token for batch in joined} == {f"{ID}:0:0-9,1:1-9,2:2-9,3:3-9:1"}
    assert body(joined) == b"0\n1\n2\n3\n"
    for batch in joined:
        mark = decode_mark(batch.mark)
        assert mark is not None
        assert sorted([batch.span, *mark.beside]) == [other.span for other in joined]
        assert batch.alone().token == f"{ID}:{batch.where.partition}:{batch.first}-9:1"
    assert together(ranges[:1]) == (ranges[0],)
