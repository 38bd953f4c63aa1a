import gc
from collections.abc import Iterator

import pytest

from benchmarks import scale


def test_ratios_are_to_the_smallest_and_more_than_ten_times_is_told_apart() -> None:
    assert scale.ratios([1, 10], [20.0, 21.0]) == {"ratio": 1.05}
    assert scale.ratios([1, 10, 100], [20.0, 21.0, 30.0]) == {"ratio": 1.05, "ratio_at_100": 1.5}


@pytest.fixture
def collector() -> Iterator[None]:
    """As it was, when the measurement has told it to be seldom seen."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_every_size_is_measured() -> None:
    processor, identity = scale.measure(history=100, customers=50, times=20, runs=2)
    assert processor["history"] == [100, 1_000, 2_000]
    assert identity["identifiers"] == [100, 1_000, 2_000]
    for found in (processor, identity):
        assert {"ratio", "ratio_at_20"} <= found.keys()
