from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schemas.kafka.lag import Ends, Lags
from schemas.telemetry import Metrics

GROUP, AT, OTHER = "throughline-sink", ("timeline.events", 0), ("timeline.events", 1)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"throughline_{name}", labels)


def test_the_lag_of_a_group_is_told_in_records_and_in_the_age_of_the_oldest() -> None:
    metrics = Metrics()
    lags = Lags(metrics)
    lags.tell(GROUP, {AT: (10, 10), OTHER: (3, 3)}, now=100.0)
    lags.tell(GROUP, {AT: (10, 15), OTHER: (3, 3)}, now=110.0)
    lags.tell(GROUP, {AT: (10, 40), OTHER: (3, 4)}, now=130.0)
    assert value(metrics, "lag_messages", group=GROUP, topic=AT[0], partition="0") == 30
    assert value(metrics, "lag_messages", group=GROUP, topic=AT[0], partition="1") == 1
    assert value(metrics, "lag_seconds", group=GROUP, topic=AT[0]) == 20.0
    lags.tell(GROUP, {AT: (15, 40), OTHER: (3, 4)}, now=135.0)
    assert value(metrics, "lag_seconds", group=GROUP, topic=AT[0]) == 5.0
    lags.tell(GROUP, {AT: (40, 40), OTHER: (4, 4)}, now=140.0)
    assert value(metrics, "lag_seconds", group=GROUP, topic=AT[0]) == 0.0


def test_what_was_there_before_is_as_old_as_the_first_look() -> None:
    ends = Ends()
    ends.observe(50, 10.0)
    assert ends.age(20, 14.0) == 4.0


def test_a_topic_that_was_made_anew_begins_again() -> None:
    ends = Ends()
    ends.observe(50, 10.0)
    ends.observe(2, 20.0)
    assert ends.age(0, 21.0) == 1.0
    assert ends.age(2, 21.0) == 0.0


@given(st.lists(st.integers(0, 3), min_size=1, max_size=3000), st.data())
def test_an_age_is_that_of_the_first_look_that_saw_the_record(rises: list[int], data: st.DataObject) -> None:
    """Also when so many looks were kept that older ones were thinned out: then it is younger, by less than half."""
    ends, end, arrived = Ends(), 0, []
    for now, rise in enumerate(rises):
        arrived += [now] * rise
        end += rise
        ends.observe(end, float(now))
    position = data.draw(st.integers(0, end))
    age, last = ends.age(position, float(len(rises))), float(len(rises))
    if position == end:
        assert age == 0.0
    elif sum(later > earlier for earlier, later in pairwise([-1, *arrived])) <= 600:
        assert age == last - arrived[position]
    else:
        assert (last - arrived[position]) / 2 <= age <= last - arrived[position]
