from benchmarks.workers import Shared, told


def test_the_cost_with_more_workers_is_compared_within_a_turn() -> None:
    found = told(
        {
            1: [Shared(1_000_000, 50, 20.0, 5.0), Shared(1_000_000, 100, 40.0, 5.0)],
            2: [Shared(1_000_000, 25, 22.0, 5.0), Shared(1_000_000, 100, 40.0, 6.0)],
            4: [Shared(1_000_000, 25, 30.0, 5.0), Shared(1_000_000, 50, 80.0, 7.0)],
        }
    )
    assert found["ratio"] == {
        "2": {"median": 1.05, "least": 1.0, "most": 1.1},
        "4": {"median": 1.75, "least": 1.5, "most": 2.0},
    }
    assert isinstance(found["events_per_s"], dict)
    assert found["events_per_s"]["1"] == {"median": 15_000, "least": 10_000, "most": 20_000}
    assert isinstance(found["cpu_s_per_million_of_broker"], dict)
    assert found["cpu_s_per_million_of_broker"]["4"] == {"median": 6.0, "least": 5.0, "most": 7.0}
