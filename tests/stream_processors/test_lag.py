from stream_processors.lag import ages


def test_the_oldest_open_record_of_a_topic_is_its_lag() -> None:
    oldest = {("a", 0): 90_000, ("a", 1): 40_000, ("b", 0): 99_000, ("gone", 0): 1}
    assert ages(oldest, {"a", "b", "c"}, 100.0) == {"a": 60.0, "b": 1.0, "c": 0.0}


def test_a_record_without_a_time_or_from_the_future_has_no_age() -> None:
    assert ages({("a", 0): 0, ("a", 1): 200_000}, {"a"}, 100.0) == {"a": 0.0}
