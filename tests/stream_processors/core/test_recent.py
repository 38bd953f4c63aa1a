from operator import le

from hypothesis import given
from hypothesis import strategies as st

from stream_processors.core.recent import Recent

asked = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 5)), max_size=60)


@given(asked, st.integers(0, 6))
def test_what_is_known_was_said_at_least_as_well(log: list[tuple[str, int]], most: int) -> None:
    recent: Recent[int] = Recent(most, le)
    said: dict[str, int] = {}
    for key, rank in log:
        if recent.knows(key, rank):
            assert said[key] <= rank
        else:
            said[key] = min(rank, said.get(key, rank))
        assert len(recent) <= max(2, most)


@given(asked)
def test_with_room_for_all_nothing_is_said_twice(log: list[tuple[str, int]]) -> None:
    recent: Recent[int] = Recent(100, le)
    said: dict[str, int] = {}
    for key, rank in log:
        assert recent.knows(key, rank) == (key in said and said[key] <= rank)
        said[key] = min(rank, said.get(key, rank))


def test_what_is_met_again_is_kept_and_the_rest_forgotten() -> None:
    recent: Recent[int] = Recent(4, le)
    for key in "abcabdaea":
        recent.knows(key, 1)
    assert recent.knows("a", 1)
    assert not recent.knows("c", 1)


def test_long_keys_are_not_kept() -> None:
    recent: Recent[int] = Recent(4, le)
    assert not recent.knows("x" * 1000, 1)
    assert not recent.knows("x" * 1000, 1)
    assert len(recent) == 0
