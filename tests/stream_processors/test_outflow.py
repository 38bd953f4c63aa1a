import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kafka.backlog import Ledger, Stage
from stream_processors.outflow import MOST, SOMEWHERE, OutflowBook

T, D, E = "timeline", "duplicates", "evidence"


def book_in_use() -> OutflowBook:
    """One that has looked before anything was sent, as the process does."""
    book = OutflowBook(1000)
    book.observe(look((T, 0, 0), (D, 0, 0)))
    return book


def look(*partitions: tuple[str, int, int]) -> list[Stage]:
    """Topic, committed, end."""
    return [{(topic, number): (committed, end) for number, (topic, committed, end) in enumerate(partitions)}]


def test_a_batch_counts_until_a_look_that_began_after_it_shows_it_consumed() -> None:
    book = book_in_use()
    book.landed([(T, SOMEWHERE, SOMEWHERE, 600)])
    book.observe(look((T, 0, 0)))  # may have begun before it landed
    assert book.held == 600
    book.observe(look((T, 0, 5)))
    assert book.held == 600
    book.observe(look((T, 4, 9)))
    assert book.held == 600
    book.observe(look((T, 5, 99)))
    assert book.held == 0


def test_topics_do_not_add_up() -> None:
    book = book_in_use()
    book.landed([(T, SOMEWHERE, SOMEWHERE, 600), (D, SOMEWHERE, SOMEWHERE, 300)])
    assert book.held == 600
    for _ in range(3):
        book.observe(look((T, 5, 5), (D, 0, 1)))
    assert book.held == 600  # whole, until all of it has gone
    book.observe(look((T, 5, 5), (D, 1, 1)))
    assert book.held == 0


def test_what_was_there_before_counts_and_goes() -> None:
    book = OutflowBook(1000)
    book.observe(look((T, 10, 500)))
    assert book.held == 1000
    book.observe(look((T, 499, 600)))
    assert book.held == 1000
    book.observe(look((T, 500, 600)))
    assert book.held == 0


def test_a_topic_made_anew_holds_nobody_up() -> None:
    book = book_in_use()
    book.landed([(T, SOMEWHERE, SOMEWHERE, 600)])
    book.observe(look((T, 0, 50)))
    book.observe(look((T, 0, 50)))
    book.observe(look((T, 3, 3)))
    assert book.held == 0


def test_a_batch_counts_until_every_group_that_reads_its_topics_has_passed_it() -> None:
    book = book_in_use()
    book.landed([(T, SOMEWHERE, SOMEWHERE, 300), (E, SOMEWHERE, SOMEWHERE, 600)])
    sink, resolver = look((T, 9, 9), (E, 4, 4)), look((E, 0, 4))
    for _ in range(3):
        book.observe([*sink, *resolver])
    assert book.held == 600  # the sink is through, the resolver is not
    book.observe([*look((T, 9, 99), (E, 3, 4)), *look((E, 4, 4))])
    assert book.held == 600
    book.observe([*look((T, 9, 99), (E, 4, 4)), *look((E, 4, 4))])
    assert book.held == 0


def test_what_was_there_before_counts_once_and_until_the_slowest_group_is_through() -> None:
    book = OutflowBook(100_000)
    book.observe([*look((E, 10, 20)), *look((E, 5, 20))])
    assert book.held == 15 * 1024
    book.observe([*look((E, 20, 20)), *look((E, 19, 20))])
    assert book.held == 15 * 1024
    book.observe([*look((E, 20, 20)), *look((E, 20, 20))])
    assert book.held == 0


def test_a_long_backlog_of_small_batches_takes_little_memory_and_counts_whole() -> None:
    book = book_in_use()
    for landed in range(1, 3 * MOST):
        book.landed([(T, SOMEWHERE, SOMEWHERE, 1)])
        book.observe(look((T, 0, landed)))
        assert (book.held, len(book._batches)) == (landed, min(landed, MOST))
    book.observe(look((T, 3 * MOST - 2, 3 * MOST - 1)))
    assert book.held > 0
    book.observe(look((T, 3 * MOST - 1, 3 * MOST - 1)))
    assert book.held == 0


def test_a_topic_that_nobody_reads_holds_nobody_up() -> None:
    book = book_in_use()
    book.landed([(E, SOMEWHERE, SOMEWHERE, 600)])
    for _ in range(2):
        book.observe(look((T, 0, 5)))
    assert book.held == 0


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_no_partition_ever_holds_more_than_its_slowest_reader_was_promised(steps: list[tuple[int, int, int]]) -> None:
    """Two groups consume one topic, each as it likes."""
    ledger = Ledger(1000, book_in_use())
    sizes: list[int] = []
    committed = [0, 0]
    for size, *eaten in steps:
        if ledger.reserve(size):
            sizes.append(size)
            ledger.landed([(E, SOMEWHERE, SOMEWHERE, size)], size)
        assert sum(sizes[min(committed) :]) <= ledger.largest <= 1000
        committed = [min(len(sizes), before + more) for before, more in zip(committed, eaten, strict=True)]
        ledger.observe([*look((E, committed[0], len(sizes))), *look((E, committed[1], len(sizes)))])


@pytest.mark.parametrize("most", [1, 2, MOST])
@given(steps=st.lists(st.tuples(st.integers(1, 900), st.integers(0, 4)), max_size=30))
def test_no_partition_ever_holds_more_than_the_book_says(most: int, steps: list[tuple[int, int]]) -> None:
    """A reader that consumes as it likes; each step sends one message if there is room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream_processors.outflow.MOST", most)
        consume(Ledger(1000, book_in_use()), steps)


def consume(ledger: Ledger, steps: list[tuple[int, int]]) -> None:
    sizes: list[int] = []
    committed = 0
    for size, eaten in steps:
        if ledger.reserve(size):
            sizes.append(size)
            ledger.landed([(T, SOMEWHERE, SOMEWHERE, size)], size)
        assert sum(sizes[committed:]) <= ledger.largest <= 1000
        committed = min(len(sizes), committed + eaten)
        ledger.observe(look((T, committed, len(sizes))))
    for _ in range(2 + len(sizes)):
        ledger.observe(look((T, len(sizes), len(sizes))))
    assert ledger.largest == 0
