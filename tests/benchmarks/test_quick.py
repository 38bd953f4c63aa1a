import pytest

from benchmarks import quick
from benchmarks.contest.abreast import Costs
from benchmarks.contest.watch import LapFailedError


def costs(ours: float, *others: float) -> Costs:
    named = {"ours": ours} | {f"other {number}": cost for number, cost in enumerate(others)}
    return {name: {"contestant": cost, "clickhouse": 1.0} for name, cost in named.items()}


def test_thrift_is_the_geometric_mean_of_the_others_over_ours() -> None:
    assert quick.thrift(costs(4, 2, 8), "contestant") == pytest.approx(1)
    assert quick.thrift(costs(4, 4, 16), "contestant") == pytest.approx(2)
    assert quick.thrift(costs(4, 4, 16), "clickhouse") == pytest.approx(1)


def test_each_part_has_the_median_of_its_rounds() -> None:
    found = [costs(1, 1), costs(1, 4), costs(1, 2)]
    sink, clickhouse = quick.told(found, {"sink": "contestant", "clickhouse": "clickhouse"})
    assert sink["thrift"] == {"median": 2.0, "least": 1.0, "most": 4.0}
    assert sink["cpu_us_an_event"]["other 0"] == {"median": 2.0, "least": 1.0, "most": 4.0}
    assert (clickhouse["part"], clickhouse["thrift"]["median"], clickhouse["rounds"]) == ("clickhouse", 1.0, 3)
    assert "failed" not in sink


def test_a_round_that_failed_is_told_and_the_next_begins() -> None:
    def one_round(number: int) -> Costs:
        if number == 0:
            raise LapFailedError("ours: 3 came out:\nthe end of its log")
        return costs(1, 3)

    found = list(quick._rounds(one_round, 2))
    [sink] = quick.told(found, {"sink": "contestant"})
    assert sink["failed"] == ["ours: 3 came out"]
    assert sink["thrift"]["median"] == 3.0


def test_without_a_round_there_is_no_thrift() -> None:
    assert quick.told(["gone"], {"sink": "contestant"}) == [
        {"benchmark": "abreast", "part": "sink", "rounds": 0, "failed": ["gone"]}
    ]
