"""The seams are where they say, and a process dies there."""

import pytest

from tests.chaos.arm import Arm, armed
from tests.chaos.seams import SEAMS, function_of, part_of, plant
from tests.chaos.world import PARTS


@pytest.mark.parametrize("name", SEAMS)
def test_every_seam_is_a_function_of_ours(name: str) -> None:
    _, _, function = function_of(SEAMS[name].target)
    assert callable(function)
    assert part_of(name) in PARTS


def test_every_part_has_seams_on_both_sides_of_what_it_must_not_lose() -> None:
    for part in PARTS:
        assert len([name for name in SEAMS if part_of(name) == part]) >= 3


def test_a_planted_seam_burns_at_the_call_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, function = function_of(SEAMS["sink.pended"].target)
    calls: list[str] = []
    monkeypatch.setattr(owner, name, lambda *_: calls.append("commit"))
    plant(Arm("sink.pended", call=2), die=lambda: calls.append("died"))
    commit = vars(owner)[name]
    for _ in range(3):
        commit(None, [])
    assert calls == ["commit", "commit", "died", "commit"]
    assert function is not commit


def test_an_arm_travels_in_a_variable_that_nobody_below_sees() -> None:
    arm = Arm("process.judged", 3, 0.5, ("dedupe store",), ((1.0, 3600.0),))
    environment = arm.environment()
    assert armed(environment) == arm
    assert not environment
    assert armed(environment) == Arm()
