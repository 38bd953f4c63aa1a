"""Ranges are contiguous, in order, bounded, and due in time."""

from array import array
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from sinks.gather import STRANGE, Gather, Limits
from sinks.ranges import Mark, Range, Start, Where

WHERE = Where("t", UUID(int=1), 0)
ROW = b'{"a":1}'


def gather(start: Start | None = None, **limits: float) -> Gather:
    bounds = Limits(rows=int(limits.get("rows", 4)), size=100, linger=1.0, interval=10.0)
    return Gather(WHERE, start or Start(0, 0), lambda value: value.startswith(b"{"), bounds)


def filled(count: int, start: Start | None = None) -> Gather:
    made = gather(start)
    made.add(array("q", range(count)), [ROW] * count, now=0.0, written=5.0)
    return made


def test_rows_wait_for_company_and_no_longer() -> None:
    made = filled(2)
    assert made.take(0.9) is None
    batch = made.take(1.0)
    assert batch is not None
    assert (batch.first, batch.last, made.oldest, made.size) == (0, 1, None, 0)


def test_a_busy_partition_makes_few_ranges() -> None:
    made = filled(1)
    assert made.take(1.0) is not None
    made.add(array("q", [1]), [ROW], now=2.0)
    assert made.take(10.9) is None
    assert made.take(11.0) is not None


def test_what_is_full_is_taken_at_once() -> None:
    made = filled(9)
    batches = [made.take(0.0), made.take(0.0), made.take(0.0)]
    assert [len(batch.values) for batch in batches if batch] == [4, 4]


def test_a_flush_waits_for_nothing() -> None:
    assert filled(1).take(0.0, flush=True) is not None


def test_bytes_bound_a_range_and_one_row_may_be_larger() -> None:
    made = gather(rows=50)
    made.add(array("q", [0, 1, 2]), [b"{" + b"x" * 200, b"{" + b"x" * 60, b"{" + b"x" * 60], now=0.0)
    taken = [made.take(0.0, flush=True) for _ in range(3)]
    assert [batch.last for batch in taken if batch] == [0, 1, 2]


def test_the_oldest_record_tells_how_far_behind_we_are() -> None:
    made = filled(4)
    made.add(array("q", [4]), [ROW], now=7.0, written=9.0)
    assert (made.oldest, made.written) == (0.0, 5.0)
    made.take(0.0)
    assert (made.oldest, made.written) == (7.0, 9.0)


def test_a_replay_waits_until_the_range_is_whole() -> None:
    made = gather(Start(0, 0, Mark(refused=False, last=5, topic_id=WHERE.topic_id, layout=9)))
    made.add(array("q", [0, 1, 2, 3]), [ROW] * 4, now=0.0)
    assert made.take(100.0, flush=True) is None
    made.add(array("q", [4, 7]), [ROW] * 2, now=0.0)
    batch = made.take(0.0)
    assert batch is not None
    assert (batch.first, batch.last, len(batch.values), batch.layout) == (0, 5, 5, 9)
    rest = made.take(0.0, flush=True)
    assert rest is not None
    assert (rest.first, rest.last) == (6, 7)


def test_what_was_refused_before_a_restart_is_not_inserted() -> None:
    made = filled(2, Start(0, 0, Mark(refused=True, last=0, topic_id=WHERE.topic_id)))
    batch = made.take(0.0)
    assert batch is not None
    assert (batch.state, batch.last) == ("refused", 0)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from([ROW, b"junk", b"{" + b"x" * 70])), max_size=40),
    st.integers(1, 6),
    st.integers(1, 5),
)
def test_ranges_hold_everything_once_and_in_order(records: list[tuple[int, bytes]], rows: int, delivery: int) -> None:
    made = gather(rows=rows)
    offsets: list[int] = []
    for gap, _ in records:
        offsets.append((offsets[-1] if offsets else -1) + gap)
    taken: list[Range] = []
    for at in range(0, len(records), delivery):
        made.add(array("q", offsets[at : at + delivery]), [value for _, value in records[at : at + delivery]], now=0.0)
        while batch := made.take(0.0, flush=at % 2 == 0):
            taken.append(batch)
    while batch := made.take(0.0, flush=True):
        taken.append(batch)
    assert [offset for batch in taken for offset in batch.offsets] == offsets
    assert [value for batch in taken for value in batch.values] == [value for _, value in records]
    first = 0
    for batch in taken:
        assert batch.first == first
        assert len(batch.values) <= rows
        assert (batch.state == "refused") == (b"junk" in batch.values) == (batch.detail == STRANGE)
        first = batch.last + 1
