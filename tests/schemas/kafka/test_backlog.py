import threading
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from schemas.kafka.backlog import Ledger, Stage, TopicPartition, Watch
from schemas.kafka.books import PartitionBook

AT: TopicPartition = ("raw", 0)


@given(st.lists(st.tuples(st.integers(1, 2000), st.booleans())))
def test_the_backlog_never_exceeds_the_budget_unless_it_was_empty(steps: list[tuple[int, bool]]) -> None:
    ledger = Ledger(1000, PartitionBook())
    offset = 0
    for size, is_consumed in steps:
        was = ledger.largest
        taken = ledger.reserve(size)
        assert taken == (was == 0 or was + size <= 1000)
        if taken:
            assert ledger.largest == was + size
            ledger.landed([(*AT, offset, size)], size)
            offset += 1
            assert ledger.largest == was + size
        if is_consumed:
            ledger.observe([{AT: (offset, offset)}])
            assert ledger.largest == 0


def test_what_was_not_delivered_is_given_back() -> None:
    ledger = Ledger(1000, PartitionBook())
    assert ledger.reserve(900)
    assert not ledger.reserve(200)
    ledger.landed([], 900)
    assert ledger.reserve(200)


class Fake:
    """Kafka's answers; `failing` raises instead."""

    def __init__(self) -> None:
        self.position = 0
        self.end = 5
        self.failing = False

    def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        if self.failing:
            raise ConnectionError
        return [(topic, 0) for topic in topics]

    def committed(self, group: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        assert group in ("group", "another")
        return dict.fromkeys(partitions, self.position)

    def ends_of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.end)


class Seeing:
    def __init__(self) -> None:
        self.stages: list[Stage] = []

    held = 0

    def landed(self, reports: object) -> None: ...

    def observe(self, stages: Iterable[Stage]) -> None:
        self.stages = list(stages)


def test_a_watch_tells_the_ledger_of_its_groups_and_whoever_asks_of_all() -> None:
    kafka, book = Fake(), Seeing()
    told: list[tuple[str, Stage]] = []
    looked = threading.Event()
    failures: list[Exception | None] = []

    def on_look(failure: Exception | None) -> None:
        failures.append(failure)
        looked.set()

    watch = Watch(
        kafka,
        {"group": ("raw",)},
        ledger=Ledger(1, book),
        also={"another": ("evidence",)},
        on_stage=lambda *stage: told.append(stage),
        on_look=on_look,
        interval=0.001,
    )
    watch.look()
    assert book.stages == [{AT: (0, 5)}]
    assert told == [("group", {AT: (0, 5)}), ("another", {("evidence", 0): (0, 5)})]
    assert failures == [None]

    kafka.failing = True
    watch.look()
    assert [type(failure) for failure in failures] == [type(None), ConnectionError]

    kafka.failing, kafka.position = False, 5
    looked.clear()
    watch.start()
    assert looked.wait(10)
    watch.stop()
    assert failures[-1] is watch.failed is None
    assert book.stages == [{AT: (5, 5)}]


class Silent(Fake):
    """Kafka answers once, and then no more."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.answers = threading.Event(), threading.Event()

    def ends_of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.position:
            self.asked.set()
            self.answers.wait()
        self.position = 1
        return super().ends_of(partitions)


def test_a_look_that_kafka_does_not_answer_holds_no_end_up() -> None:
    kafka = Silent()
    watch = Watch(kafka, {"group": ("raw",)}, interval=0.001)
    watch.start()
    assert kafka.asked.wait(10)
    told: list[bool] = []
    ending = threading.Thread(target=lambda: told.append(watch.stop()), daemon=True)
    ending.start()
    ending.join(30)
    has_ended = not ending.is_alive()
    kafka.answers.set()
    assert has_ended
    assert told == [False]
    ending = threading.Thread(target=lambda: told.append(watch.stop()), daemon=True)
    ending.start()
    ending.join(30)
    assert told == [False, True]
