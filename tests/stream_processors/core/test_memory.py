from hypothesis import given
from hypothesis import strategies as st

from stream_processors.core.memory import in_force, is_itself, pack, remember, says_the_same, unpack

MARK = b"\x01" * 8
entries = st.builds(pack, st.integers(0, 3), st.integers(0, 2**40), st.just(MARK), st.integers(0, 2**45))


@given(
    st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.binary(min_size=8, max_size=8), st.integers(0, 2**64 - 1)
)
def test_entries_are_read_as_they_were_packed(generation: int, offset: int, mark: bytes, arrival: int) -> None:
    entry = pack(generation, offset, mark, arrival)
    assert len(entry) == 28
    assert unpack(entry) == (generation, offset, mark, arrival)


@given(entries)
def test_an_entry_decides_about_itself(entry: bytes) -> None:
    assert in_force(remember(None, entry), entry, 1) == entry
    assert is_itself(entry, entry)
    assert says_the_same(entry, entry)


@given(entries, entries)
def test_what_came_later_decides_nothing(one: bytes, other: bytes) -> None:
    early, late = sorted((one, other))
    if early[:12] != late[:12]:
        assert in_force(late, early, 2**62) is None
        assert remember(late, early) == late


def test_the_window_is_half_open() -> None:
    first = pack(0, 1, MARK, 1000)
    assert in_force(first, pack(0, 2, MARK, 1099), 100) == first
    assert in_force(first, pack(0, 2, MARK, 1100), 100) is None
    assert in_force(first, pack(0, 2, MARK, 5), 100) == first  # a clock that ran backwards


def test_a_memory_does_not_grow_for_ever() -> None:
    known = None
    for number in range(50):
        known = remember(known, pack(0, number, MARK, number * 1000))
    assert known is not None
    assert len(known) == 8 * 28
    assert unpack(known[-28:]).offset == 49
