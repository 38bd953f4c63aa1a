from operator import le
from sys import getsizeof

from hypothesis import given
from hypothesis import strategies as st

from stream_processors.core.recent import ENTRY, Recent

ONE = getsizeof("a") + ENTRY
asked = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 5)), max_size=60)


@given(asked, st.integers(0, 6))
def test_what_is_known_was_said_at_least_as_well(log: list[tuple[str, int]], most: int) -> None:
    recent: Recent[int] = Recent(most * ONE, le)
    said: dict[str, int] = {}
    for key, rank in log:
        if recent.knows(key, rank):
            assert said[key] <= rank
        else:
            said[key] = min(rank, said.get(key, rank))
        assert len(recent) <= most


@given(asked)
def test_with_room_for_all_nothing_is_said_twice(log: list[tuple[str, int]]) -> None:
    recent: Recent[int] = Recent(200 * ONE, le)
    said: dict[str, int] = {}
    for key, rank in log:
        assert recent.knows(key, rank) == (key in said and said[key] <= rank)
        said[key] = min(rank, said.get(key, rank))


def test_what_is_met_again_is_kept_and_the_rest_forgotten() -> None:
    recent: Recent[int] = Recent(4 * ONE, le)
    for key in "abcabdaea":
        recent.knows(key, 1)
    assert recent.knows("a", 1)
    assert not recent.knows("c", 1)


def test_long_keys_take_more_room_and_those_that_fit_no_half_are_not_kept() -> None:
    recent: Recent[int] = Recent(40 * ONE, le)
    for key in ("a", "b", "x" * 19 * ONE):
        assert not recent.knows(key, 1)
    assert not recent.knows("y" * 20 * ONE, 1)
    assert not recent.knows("y" * 20 * ONE, 1)
    assert recent.knows("x" * 19 * ONE, 1)
    assert recent.knows("a", 1)  # the half of the long one has no room for it: the other one is given up
    assert not recent.knows("b", 1)
