"""Whether we have become slower: ratios to others within a run, against those of the last run that was recorded.

Times say more of the machine than of the program; how often our CPU seconds go into those of another program on the
same machine, in the same minute, says little of the machine.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.records import Result

LEAST: Final = 0.8  # of the recorded ratio


def worse(now: Sequence[Result], recorded: Sequence[Result]) -> dict[str, str]:
    """By contestant: its lap that failed, or the ratio that is a fifth below the recorded one, or more, in words."""
    before = dict(_ratios(recorded))
    failed = {_name(result): f"a lap failed: {result['failed']}" for result in now if "failed" in result}
    return failed | {
        name: f"our CPU seconds go {ratio} times into its, {before[name]} times when it was recorded"
        for name, ratio in _ratios(now)
        if name in before and ratio < LEAST * before[name]
    }


def _ratios(results: Sequence[Result]) -> Iterator[tuple[str, float]]:
    for result in results:
        if "ours_is_times" in result and result["contestant"] != "ours":
            yield _name(result), float(result["ours_is_times"]["as_thrifty"]["median"])


def _name(result: Result) -> str:
    return f"{result['benchmark']}: {result['contestant']}"
