"""Whether we have become slower: a thrift now, beside the one that was recorded on the same kind of processor.

Times say more of the machine than of the program. A thrift says how many times our CPU seconds go into those of others
that work at the same moment on the same core (`benchmarks.contest.abreast`), in the median of a few rounds. A part
that has lost a fifth of it is measured once more, and is worse only when it has lost it both times (decision 0035).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.records import Result, Run

LINE: Final = 0.8  # of what was recorded
NOTHING: Final = "nothing was recorded: `python -m benchmarks --quick --record`"


@dataclass(frozen=True, slots=True)
class Verdict:
    """On a part: its thrift now, the recorded one, and what is wrong, in words, or nothing."""

    part: str
    now: float | None
    recorded: float | None
    fault: str = ""


def recorded(runs: Sequence[Run], processor: str) -> dict[str, float]:
    """Thrifts by part: the last ones on this kind of processor; where there are none, the least of the other kinds."""
    kinds: dict[str, dict[str, float]] = {}
    for run in runs:
        kinds.setdefault(run.machine["processor"], {}).update(
            {result["part"]: result["thrift"]["median"] for result in run.results if "thrift" in result}
        )
    if processor in kinds:
        return kinds[processor]
    parts = {part for thrifts in kinds.values() for part in thrifts}
    return {part: min(kind[part] for kind in kinds.values() if part in kind) for part in parts}


def judged(now: Sequence[Result], before: Mapping[str, float]) -> list[Verdict]:
    """A verdict on each part; a round that failed is a fault whatever the others say."""
    return [_verdict(result, before) for result in now]


def _verdict(result: Result, before: Mapping[str, float]) -> Verdict:
    part: str = result["part"]
    thrift: float | None = result["thrift"]["median"] if "thrift" in result else None
    wanted = before.get(part)
    fault = ""
    if "failed" in result:
        fault = f"a round failed: {result['failed'][0]}"
    elif wanted is None:
        fault = NOTHING
    elif thrift is None or thrift < LINE * wanted:
        fault = f"less than {LINE} of what was recorded"
    return Verdict(part, thrift, wanted, fault)


def table(verdicts: Sequence[Verdict]) -> str:
    """A line a part."""
    rows = [("part", "thrift", "recorded", "of it", "verdict")]
    for one in verdicts:
        share = one.now / one.recorded if one.now is not None and one.recorded else None
        rows.append((one.part, _shown(one.now), _shown(one.recorded), _shown(share), one.fault or "good"))
    return "\n".join(f"{part:12}{now:>8}{then:>10}{share:>8}  {verdict}" for part, now, then, share, verdict in rows)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
