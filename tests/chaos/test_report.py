"""The page says what was done, and what was found."""

from collections import Counter

import pytest

from tests.chaos.campaign import Verdict
from tests.chaos.report import page


@pytest.mark.parametrize(
    ("findings", "said"), [([], "**Verdict: nothing lost"), (["1 lost"], "**Found:**\n\n- 1 lost")]
)
def test_the_page_says_what_was_found(findings: list[str], said: str) -> None:
    verdict = Verdict(
        findings,
        faults=Counter(storm=2),
        seams=Counter({"sink.pended": 3}),
        kills=Counter(serve=4),
        answers=Counter({"200": 5, "503": 6}),
        accepted=100,
        rejected=1,
    )
    written = page({"date": "2026-01-31"}, seed=7, seconds=120, verdict=verdict)
    assert said in written
    for line in ("- seed: 7", "- took: 2 minutes", "- processes killed with -9: 7", "| storm | 2 |", "| 503 | 6 |"):
        assert line in written.splitlines()
