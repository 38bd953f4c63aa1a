from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.resolver.configured import rules_fact
from stream_processors.resolver.records import Limits, Record, cut, read
from tests.stream_processors.resolver.evidence import link
from tests.stream_processors.transport.records import message

LIMITS = Limits(records=4, size=100)
LINK = link("user_id:u", "anonymous_id:a", 5)


def record(offset: int, size: int = 10, fact: Evidence | None = LINK) -> Record:
    return Record(offset, 1000, size, fact)


def offsets(run: list[Record]) -> list[int]:
    return [one.offset for one in run]


def test_a_record_is_a_fact_or_nothing_that_can_be_read() -> None:
    assert read(message(3, LINK.encode(), stamp=7)) == Record(3, 7, len(LINK.encode()), LINK)
    assert read(message(3, b"{}")).fact is None


def test_a_run_is_bounded_by_records_and_by_bytes() -> None:
    assert offsets(cut(map(record, range(9)), LIMITS, None, None)) == [0, 1, 2, 3]
    assert offsets(cut([record(0, 60), record(1, 60)], LIMITS, None, None)) == [0]
    assert offsets(cut([record(0, 600)], LIMITS, None, None)) == [0]
    assert cut([], LIMITS, None, None) == []


def test_rules_stand_alone() -> None:
    rules = rules_fact(Rules())
    waiting = [record(0), record(1, fact=rules), record(2, fact=rules), record(3)]
    runs = []
    while waiting:
        runs.append(offsets(cut(waiting, LIMITS, None, None)))
        waiting = waiting[len(runs[-1]) :]
    assert runs == [[0], [1], [2], [3]]


def test_a_pending_run_is_waited_for_whole_and_then_taken_exactly() -> None:
    assert cut(map(record, range(6)), LIMITS, 6, None) == []
    assert offsets(cut(map(record, range(9)), LIMITS, 6, None)) == [0, 1, 2, 3, 4, 5, 6]


def test_catching_up_ends_where_the_end_was() -> None:
    assert offsets(cut(map(record, range(9)), LIMITS, None, 2)) == [0, 1]


@given(st.lists(st.tuples(st.integers(1, 80), st.booleans()), max_size=30))
def test_runs_are_all_records_in_order(made: list[tuple[int, bool]]) -> None:
    rules = rules_fact(Rules())
    waiting = [record(at, size, rules if is_rules else LINK) for at, (size, is_rules) in enumerate(made)]
    seen: list[int] = []
    while run := cut(waiting[len(seen) :], LIMITS, None, None):
        assert len(run) <= LIMITS.records
        assert sum(one.size for one in run) <= LIMITS.size
        seen += offsets(run)
    assert seen == list(range(len(made)))
