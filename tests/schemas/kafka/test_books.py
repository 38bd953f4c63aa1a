from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schemas.kafka.backlog import Book, Stage, TopicPartition
from schemas.kafka.books import FIRST_GUESS, FlowBook, PartitionBook

RAW: list[TopicPartition] = [("raw", 0), ("raw", 1)]
OUT: list[TopicPartition] = [("out", 0), ("out", 1), ("out", 2)]


class Flow(RuleBasedStateMachine):
    """Messages pass two groups, in any interleaving with what the watch sees; it may see parts of it late."""

    book: Book

    def __init__(self) -> None:
        super().__init__()
        self.logs: dict[TopicPartition, list[int]] = {at: [] for at in RAW + OUT}  # sizes, by offset
        self.committed = dict.fromkeys(RAW + OUT, 0)
        self.seen_raw: dict[TopicPartition, int] | None = None
        self.seen: list[Stage] | None = None
        self.unreported: list[tuple[str, int, int, int]] = []

    @rule(at=st.sampled_from([*RAW, OUT[0]]), sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=2))
    def land(self, at: TopicPartition, sizes: list[int]) -> None:
        for size in sizes:
            self.unreported.append((*at, len(self.logs[at]), size))
            self.logs[at].append(size)
        self.book.landed(self.unreported)
        self.unreported = []

    @rule(at=st.sampled_from(RAW), to=st.sampled_from(OUT), count=st.sampled_from([1, 100]))
    def process(self, at: TopicPartition, to: TopicPartition, count: int) -> None:
        begin = self.committed[at]
        moved = self.logs[at][begin : begin + count]
        self.logs[to] += moved
        self.committed[at] += len(moved)

    @rule(at=st.sampled_from(OUT), count=st.sampled_from([1, 100]))
    def sink(self, at: TopicPartition, count: int) -> None:
        self.committed[at] = min(self.committed[at] + count, len(self.logs[at]))

    @rule()
    def ask_the_first_group(self) -> None:
        self.seen_raw = {at: self.committed[at] for at in RAW}
        self.seen = None

    @precondition(lambda self: self.seen_raw is not None)
    @rule()
    def ask_the_rest(self) -> None:
        assert self.seen_raw is not None
        first = {at: (self.seen_raw[at], len(self.logs[at])) for at in RAW}
        self.seen = [first, {at: (self.committed[at], len(self.logs[at])) for at in OUT}]

    @precondition(lambda self: self.seen is not None)
    @rule()
    def observe(self) -> None:
        assert self.seen is not None
        self.book.observe(self.seen)
        self.seen_raw = self.seen = None

    @rule()
    def look(self) -> None:
        self.ask_the_first_group()
        self.ask_the_rest()
        self.observe()

    def waiting(self, at: TopicPartition) -> int:
        return sum(self.logs[at][self.committed[at] :])

    def teardown(self) -> None:
        for at in RAW:
            self.process(at, OUT[1], len(self.logs[at]))
        for at in OUT:
            self.sink(at, len(self.logs[at]))
        self.look()
        self.look()
        assert self.book.held == 0


class FlowBookMachine(Flow):
    def __init__(self) -> None:
        super().__init__()
        self.book = FlowBook()

    @invariant()
    def counts_at_least_what_could_meet_in_one_partition(self) -> None:
        fullest = max(self.waiting(at) for at in OUT)
        assert self.book.held >= sum(self.waiting(at) for at in RAW) + fullest

    @invariant()
    def counts_no_more_than_was_sent(self) -> None:
        sent = sum(sum(self.logs[at]) for at in RAW + OUT)
        assert self.book.held <= 2 * sent + 1


class PartitionBookMachine(Flow):
    def __init__(self) -> None:
        super().__init__()
        self.book = PartitionBook()

    @invariant()
    def counts_at_least_the_fullest_partition_of_ours(self) -> None:
        assert self.book.held >= max(self.waiting(at) for at in RAW)


TestFlowBook = FlowBookMachine.TestCase
TestFlowBook.settings = settings(max_examples=400)  # what was wrong once came up in one of 1,000
TestPartitionBook = PartitionBookMachine.TestCase


@given(st.lists(st.integers(1, 200_000), min_size=1), st.data())
def test_a_long_backlog_is_counted_in_runs_and_never_too_low(sizes: list[int], data: st.DataObject) -> None:
    book = PartitionBook()
    for offset, size in enumerate(sizes):
        book.landed([("raw", 0, offset, size)])
    committed = data.draw(st.integers(0, len(sizes)))
    book.observe([{("raw", 0): (committed, len(sizes))}])
    exact = sum(sizes[committed:])
    assert exact <= book.held <= exact + (1 << 16) + max(sizes)


def test_what_others_sent_is_counted_at_the_mean_size_of_ours() -> None:
    book = PartitionBook()
    book.observe([{("raw", 0): (0, 3)}])
    assert book.held == 3 * FIRST_GUESS
    book.landed([("raw", 1, 0, 100), ("raw", 1, 1, 300)])
    book.observe([{("raw", 0): (0, 3), ("raw", 1): (2, 2)}])
    assert book.held == 3 * 200


def test_a_topic_that_was_made_anew_is_empty_again() -> None:
    for book in (PartitionBook(), FlowBook()):
        book.landed([("raw", 0, 41, 100)])
        book.observe([{("raw", 0): (0, 42)}, {}])
        assert book.held >= 100
        book.observe([{("raw", 0): (0, 0)}, {}])
        if isinstance(book, PartitionBook):
            assert book.held == 0


def test_neighbours_of_ours_that_were_consumed_do_not_hide_messages_of_others() -> None:
    book = FlowBook()
    book.landed([("raw", 0, 0, 2), ("out", 0, 0, 1), ("out", 0, 1, 1)])
    book.observe([{("raw", 0): (1, 1)}, {("out", 0): (1, 3)}])
    assert book.held >= 1 + 2


def test_ours_that_landed_after_the_question_do_not_hide_messages_of_others() -> None:
    book = FlowBook()
    book.landed([("raw", 0, 0, 2), ("out", 0, 1, 1)])
    book.observe([{("raw", 0): (1, 1)}, {("out", 0): (0, 1)}])
    assert book.held >= 1 + 2


def test_messages_of_others_count_as_large_as_the_largest_of_ours_that_may_be_there() -> None:
    book = FlowBook()
    book.landed([("raw", 0, 0, 5000), ("raw", 0, 1, 100)])
    book.observe([{("raw", 0): (0, 4)}, {("out", 0): (0, 0)}])
    assert book.held == 5100 + 2 * 5000
