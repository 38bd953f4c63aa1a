from hypothesis import assume, given
from hypothesis import strategies as st

from stream_processors.core.learn import learn
from stream_processors.core.step import step
from tests.stream_processors.core.test_step import logs
from tests.stream_processors.core.world import TODAY, WINDOW, YESTERDAY, Kept, Sent, outputs, raw, take


def relearn(memory: Kept, log: list[Sent], begin: int, end: int) -> None:
    """Learn the records from `begin` to `end`."""
    if begin < end:
        memory.entries |= learn(raw(log[begin:end], begin), memory, WINDOW)


def live(memory: Kept, log: list[Sent]) -> None:
    if log:
        take(log, memory)


@given(logs, st.data())
def test_a_memory_that_learns_the_log_again_is_the_one_that_was(log: list[Sent], data: st.DataObject) -> None:
    lived, learned, at = Kept(), Kept(), 0
    take(log, lived)
    while at < len(log):
        size = data.draw(st.integers(1, len(log) - at))
        relearn(learned, log, at, at + size)
        at += size
    assert learned.entries == lived.entries


@given(logs, st.integers(0, 23), st.integers(0, 23))
def test_a_memory_that_stayed_behind_learns_the_rest(log: list[Sent], one: int, other: int) -> None:
    knows, begins = sorted((one % len(log), other % len(log)))
    memory = Kept()
    live(memory, log[:knows])
    relearn(memory, log, knows, begins)
    expected = outputs(take(log, Kept()))
    assert outputs(step(raw(log[begins:], begins), memory, {}, WINDOW)) == expected[begins:]


@given(logs, st.integers(0, 24))
def test_what_is_older_than_the_window_decides_nothing_about_the_next(log: list[Sent], begin: int) -> None:
    """Where arrivals ascend, and no id comes again for longer than the window."""
    ordered = sorted(log, key=lambda sent: sent.arrival)
    last: dict[int, int] = {}
    kept = []
    for sent in ordered:
        if sent.junk is None and last.setdefault(sent.event, sent.arrival) + WINDOW <= sent.arrival:
            continue
        kept.append(sent)
    at = min(begin, len(kept))
    following = Sent(event=1, arrival=kept[at - 1].arrival if at else 1)
    assume(last.get(following.event, following.arrival) + WINDOW > following.arrival)
    young = next((n for n in range(at) if kept[n].arrival > following.arrival - WINDOW), at)
    learned, lived = Kept(), Kept()
    live(lived, kept[:at])
    relearn(learned, kept, young, at)
    assert outputs(take([following], learned, at)) == outputs(take([following], lived, at))


def test_yesterdays_topic_is_learned_as_yesterdays() -> None:
    memory = Kept()
    memory.entries |= learn(raw([Sent(1)], 5, (YESTERDAY,)), memory, WINDOW)
    assert b'"first_offset":5' in take([Sent(1)], memory, 0, (YESTERDAY, TODAY)).duplicates[0][1]
