"""What rose in the last minute and in five is told, and is forgotten after them."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.recent import MINUTES, NOTES, Labels, Recent, noting
from schemas.telemetry import Metrics
from tests.waiting import until

ONE: Labels = ("web", "accepted")


@given(rises=st.lists(st.integers(0, 5), min_size=1, max_size=3 * NOTES))
def test_it_is_the_sum_of_what_rose_within_so_many_notes(rises: list[int]) -> None:
    counts, shown = {ONE: 0.0}, dict[tuple[Labels, str], float]()
    recent = Recent(lambda: dict(counts), lambda labels, minutes, rise: shown.update({(labels, minutes): rise}))
    for rise in rises:
        counts[ONE] += rise
        recent.note()
    assert shown == {(ONE, minutes): sum(rises[-notes:]) for minutes, notes in MINUTES.items()}


def test_a_part_tells_of_its_counters() -> None:
    metrics = Metrics()
    [deliveries, accepted, rejected] = metrics.recents()
    metrics.deliveries.labels("web", "accepted").inc(3)
    metrics.accepted.labels(source="shop", channel="web").inc(2)
    metrics.rejected.labels("web", "shop", "id_conflict").inc(4)
    for recent in (deliveries, accepted, rejected):
        recent.note()
    value = metrics.registry.get_sample_value
    assert value("throughline_deliveries_recent", {"source": "web", "outcome": "accepted", "minutes": "5"}) == 3
    assert value("throughline_interactions_accepted_recent", {"source": "shop", "channel": "web", "minutes": "1"}) == 2
    labels = {"channel": "web", "source": "shop", "reason": "id_conflict", "minutes": "5"}
    assert value("throughline_interactions_rejected_recent", labels) == 4
    for _ in range(NOTES):
        deliveries.note()
    assert value("throughline_deliveries_recent", {"source": "web", "outcome": "accepted", "minutes": "5"}) == 0


def test_it_is_noted_again_and_again_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.recent.EVERY_S", 0.001)
    told: list[float] = []
    stop = noting([Recent(lambda: {ONE: 1.0}, lambda _, __, rise: told.append(rise))])
    until(lambda: len(told) > 3)
    stop()
    assert "recent" not in {thread.name for thread in threading.enumerate()}
