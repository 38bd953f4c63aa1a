from benchmarks.guard import worse
from benchmarks.records import Result


def result(contestant: str, ratio: float) -> Result:
    return {"benchmark": "b", "contestant": contestant, "ours_is_times": {"as_thrifty": {"median": ratio}}}


def test_a_fifth_less_than_the_recorded_ratio_is_worse() -> None:
    assert worse([result("peer", 1.59)], [result("peer", 2.0)]) == {
        "b: peer": "our CPU seconds go 1.59 times into its, 2.0 times when it was recorded"
    }


def test_a_little_less_or_more_is_not() -> None:
    assert worse([result("peer", 1.61), result("other", 9.0)], [result("peer", 2.0), result("other", 3.0)]) == {}


def test_ourselves_and_what_was_not_recorded_say_nothing() -> None:
    now = [result("ours", 0.1), result("new", 0.1), {"benchmark": "alone", "events_per_s": 3}]
    assert worse(now, [result("ours", 1.0)]) == {}


def test_a_lap_that_failed_is_told() -> None:
    failed: Result = {"benchmark": "b", "contestant": "peer", "failed": ["it ended"]}
    assert worse([failed], []) == {"b: peer": "a lap failed: ['it ended']"}
