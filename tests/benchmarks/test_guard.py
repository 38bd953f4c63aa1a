import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.guard import NOTHING, judged, recorded, table
from benchmarks.records import Result, Run


def result(part: str, thrift: float) -> Result:
    return {"benchmark": "abreast", "part": part, "thrift": {"median": thrift}}


def run(kind: str, **thrifts: float) -> Run:
    return Run({"processor": kind}, [result(part, thrift) for part, thrift in thrifts.items()])


def faults(now: list[Result], before: dict[str, float]) -> dict[str, str]:
    return {verdict.part: verdict.fault for verdict in judged(now, before) if verdict.fault}


@given(st.floats(0.01, 100))
def test_a_fifth_less_is_worse_and_a_tenth_is_not(thrift: float) -> None:
    before = recorded([run("xeon", sink=thrift)], "xeon")
    assert faults([result("sink", thrift * 0.79)], before) == {"sink": "less than 0.8 of what was recorded"}
    assert faults([result("sink", thrift * 0.9)], before) == {}
    assert faults([result("sink", thrift * 3)], before) == {}


def test_a_kind_of_processor_is_compared_with_its_own_last_run() -> None:
    runs = [run("xeon", sink=1.0), run("epyc", sink=9.0), run("xeon", sink=2.0), run("epyc", sink=8.0)]
    assert recorded(runs, "xeon") == {"sink": 2.0}
    assert recorded(runs, "epyc") == {"sink": 8.0}


def test_a_part_that_the_last_run_did_not_measure_is_the_one_before_its() -> None:
    runs = [run("xeon", sink=1.0, processor=3.0), run("xeon", sink=2.0)]
    assert recorded(runs, "xeon") == {"sink": 2.0, "processor": 3.0}


def test_an_unknown_kind_is_compared_with_the_least_of_the_others() -> None:
    runs = [run("xeon", sink=0.5), run("xeon", sink=2.0), run("epyc", sink=3.0, processor=1.0)]
    before = recorded(runs, "graviton")
    assert before == {"sink": 2.0, "processor": 1.0}
    assert faults([result("sink", 1.61), result("processor", 0.81)], before) == {}
    assert set(faults([result("sink", 1.59), result("processor", 0.79)], before)) == {"sink", "processor"}


def test_what_was_never_recorded_cannot_pass() -> None:
    assert faults([result("sink", 1.0)], recorded([], "xeon")) == {"sink": NOTHING}
    assert faults([result("sink", 1.0)], recorded([run("xeon", processor=1.0)], "xeon")) == {"sink": NOTHING}


@pytest.mark.parametrize("found", [{}, {"thrift": {"median": 9.0}}], ids=["no round succeeded", "others succeeded"])
def test_a_round_that_failed_is_a_fault(found: Result) -> None:
    failed: Result = {"part": "sink", "failed": ["ours: 3 came out", "gone"]} | found
    assert faults([failed], recorded([run("xeon", sink=1.0)], "xeon")) == {"sink": "a round failed: ours: 3 came out"}


def test_the_table_has_a_line_a_part() -> None:
    now: list[Result] = [result("processor", 1.1), {"part": "sink", "failed": ["it ended"]}]
    head, *lines = table(judged(now, recorded([run("xeon", processor=1.0, sink=2.0)], "xeon"))).splitlines()
    assert head.split() == ["part", "thrift", "recorded", "of", "it", "verdict"]
    assert [line.split(maxsplit=4) for line in lines] == [
        ["processor", "1.100", "1.000", "1.100", "good"],
        ["sink", "-", "2.000", "-", "a round failed: it ended"],
    ]
