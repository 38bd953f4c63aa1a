import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_processors.transport.progress import OPEN_RUNS, OutOfOrderError, Progress, Run
from tests.stream_processors.transport.records import message

AT = ("t", 0)


def read(progress: Progress, first: int, last: int, size: int = 10) -> Run:
    return progress.open(AT, [message(first, stamp=first), message(last)], size)


def test_a_commit_follows_what_is_finished_and_nothing_else() -> None:
    progress = Progress(1000)
    progress.begin({AT: 5})
    first, second = read(progress, 5, 6), read(progress, 9, 12)
    assert (first.start, first.end, second.start, second.end) == (5, 7, 7, 13)
    assert progress.committable() == {}
    assert progress.hand(first)
    assert first.finish()
    assert progress.committable() == {AT: 7}
    progress.committed({AT: 7, ("gone", 0): 1})
    assert progress.committable() == {}
    assert progress.oldest() == {AT: 9}


def test_a_start_that_kafka_does_not_have_is_committable_at_once() -> None:
    progress = Progress(1000)
    progress.begin({AT: 7, ("t", 1): 3, ("t", 2): 4}, {AT: 5, ("t", 1): 3})
    assert progress.committable() == {AT: 7}
    run = read(progress, 7, 9)
    assert progress.committable() == {AT: 7}
    progress.hand(run)
    run.finish()
    assert progress.committable() == {AT: 10}


def test_runs_finish_in_order_or_the_process_ends() -> None:
    progress = Progress(1000)
    progress.begin({AT: 0})
    read(progress, 0, 1)
    with pytest.raises(OutOfOrderError):
        read(progress, 2, 3).finish()


def test_a_run_of_an_older_assignment_cannot_be_committed() -> None:
    progress = Progress(1000)
    progress.begin({AT: 0})
    run = read(progress, 0, 1)
    assert [run.is_current] == [True]
    progress.begin({AT: 0})
    assert [run.is_current] == [False]
    assert not progress.hand(run)
    assert not run.finish()
    assert progress.committable() == {}
    assert not progress.is_full


def test_it_is_full_by_bytes_or_by_runs() -> None:
    progress = Progress(100)
    progress.begin({AT: 0})
    run = read(progress, 0, 0, size=100)
    assert progress.is_full
    assert not progress.wait_for_room(0)
    progress.hand(run)
    run.finish()
    assert progress.wait_for_room(0)
    for number in range(OPEN_RUNS):
        read(progress, number, number, size=0)
    assert progress.is_full


def test_idle_means_that_all_that_was_handed_out_is_finished() -> None:
    progress = Progress(1000)
    progress.begin({AT: 0})
    run = read(progress, 0, 0)
    assert progress.wait_idle(0)  # read, and not handed out
    progress.hand(run)
    assert not progress.wait_idle(0)
    run.finish()
    assert progress.wait_idle(0)


@given(st.lists(st.sampled_from(["read", "finish", "commit", "move"]), max_size=40))
def test_nothing_unfinished_is_ever_committable(acts: list[str]) -> None:
    progress = Progress(10**6)
    progress.begin({AT: 0})
    open_: list[Run] = []
    at = finished = 0
    for act in acts:
        if act == "read":
            open_.append(read(progress, at, at))
            progress.hand(open_[-1])
            at += 1
        elif act == "finish" and open_:
            assert open_.pop(0).finish()
            finished += 1
        elif act == "commit":
            progress.committed(progress.committable())
        elif act == "move":
            stale, open_, at = open_, [], finished
            progress.begin({AT: finished})
            assert not any(run.finish() for run in stale)
        assert progress.committable() in ({}, {AT: finished})
        assert progress.finished() == {AT: finished}
