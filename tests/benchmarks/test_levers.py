from benchmarks.levers import LEVERS, TODAY, Lap, told


def lap(producer: float, broker: float) -> Lap:
    return Lap(1_000_000, {"producer": producer, "broker": broker, "reader": 1.0}, 4_000_000, [1.0, 3.0], [5.0, 5.0])


def test_every_lever_is_compared_with_the_settings_of_today() -> None:
    for settings in LEVERS.values():
        assert settings[TODAY] == ({}, {})
        assert len({str(setting) for setting in settings.values()}) == len(settings) > 1


def test_what_a_setting_costs_is_compared_within_a_turn() -> None:
    today, other = told("linger", "low", {TODAY: [lap(3, 4), lap(9, 6)], "0 ms": [lap(5, 6), lap(5, 2)]})
    assert today["cpu_in_terms_of_today"] == {"median": 1.0, "least": 1.0, "most": 1.0}
    assert other["cpu_in_terms_of_today"] == {"median": 1.0, "least": 0.5, "most": 1.5}
    assert other["setting"] == "0 ms"
    assert other["bytes_an_event_on_disk"] == 4
    assert other["cpu_s_per_million"] == {
        "producer": {"median": 5.0, "least": 5.0, "most": 5.0},
        "broker": {"median": 4.0, "least": 2.0, "most": 6.0},
        "reader": {"median": 1.0, "least": 1.0, "most": 1.0},
    }
    assert other["to_reader_ms"] == {"p50": 5.0, "p99": 5.0}
