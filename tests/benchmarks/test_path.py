from benchmarks.path import told


def test_each_part_is_told_and_all_of_them_together() -> None:
    found = told(200_000, 20.0, {"process": 6.0, "resolve": 0.0, "broker": 2.5})
    assert found["events_per_s"] == 10_000
    assert found["cpu_s_per_million"] == {"process": 30.0, "resolve": 0.0, "broker": 12.5}
    assert found["cpu_s_per_million_of_all"] == 42.5
