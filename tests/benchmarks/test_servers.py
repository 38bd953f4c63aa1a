from benchmarks.servers import NAMES, OURS, TWO, Lap, told


def test_a_server_is_compared_with_ours_within_a_turn() -> None:
    ours, other = told(
        {OURS: [Lap(50.0, 200.0, 1.0), Lap(100.0, 400.0, 1.0)], TWO: [Lap(60.0, 200.0, 0.5), Lap(100.0, 440.0, 0.7)]}
    )
    assert ours["in_terms_of_ours"] == {
        "batches of 100": {"median": 1.0, "least": 1.0, "most": 1.0},
        "single events": {"median": 1.0, "least": 1.0, "most": 1.0},
    }
    assert other["in_terms_of_ours"] == {
        "batches of 100": {"median": 1.1, "least": 1.0, "most": 1.2},
        "single events": {"median": 1.05, "least": 1.0, "most": 1.1},
    }
    assert other["share_of_the_busier"] == 0.7
    assert NAMES[0] == OURS
