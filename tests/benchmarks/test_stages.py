from benchmarks.stages import Seen, medians


def test_each_stage_begins_where_the_one_before_ends() -> None:
    seen = {"a": Seen(10.0, 10.5), "b": Seen(20.0, 20.4), "c": Seen(30.0, 31.0)}
    in_topic, stored = {"a": 10.01, "b": 19.99, "c": 30.02}, {"a": 10.2, "b": 20.1, "c": 30.3}
    assert medians(seen, in_topic, stored) == {"processed": 10, "inserted": 190, "answered": 300}
