"""Whether we have become slower: a thrift now, beside the one that was recorded on the same kind of processor.

Times say more of the machine than of the program. A thrift says how many times our CPU seconds go into those of others
that work at the same moment on the same core (`benchmarks.contest.abreast`), in the median of a few rounds. A fifth
more CPU makes 0.83 of a thrift, so the line lies half way, at 0.91; a part that is below is measured once more, and is
worse only when it is below both times (decision 0035).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.records import Result, Run

LINE: Final = 0.91  # of what was recorded on this kind of processor
WIDE: Final = 0.8  # on a kind of which nothing was recorded, and where others have a part of the cores
LOUD: Final = 0.1  # of all cores: what others have above it crowds our caches more than those of a smaller program
NOTHING: Final = "nothing was recorded: `python -m benchmarks --quick --record`"


@dataclass(frozen=True, slots=True)
class Verdict:
    """On a part: its thrift now, the recorded one, and what is wrong, in words, or nothing."""

    part: str
    now: float | None
    recorded: float | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a kind of processor is compared with: recorded thrifts by part; less than `line` of one is too little."""

    thrifts: Mapping[str, float]
    line: float


def recorded(runs: Sequence[Run], processor: str, others: float = 0.0) -> Recorded:
    """The last run on this kind of processor; where there is none, the least of the last ones on each other kind.

    `others`: the share of all cores that they have.
    """
    kinds: dict[str, dict[str, float]] = {}
    for run in runs:
        kinds.setdefault(run.machine["processor"], {}).update(
            {result["part"]: result["thrift"]["median"] for result in run.results if "thrift" in result}
        )
    if processor in kinds:
        return Recorded(kinds[processor], WIDE if others > LOUD else LINE)
    parts = {part for thrifts in kinds.values() for part in thrifts}
    return Recorded({part: min(kind[part] for kind in kinds.values() if part in kind) for part in parts}, WIDE)


def judged(now: Sequence[Result], before: Recorded) -> list[Verdict]:
    """A verdict on each part; a round that failed is a fault whatever the others say."""
    return [_verdict(result, before) for result in now]


def _verdict(result: Result, before: Recorded) -> Verdict:
    part: str = result["part"]
    thrift: float | None = result["thrift"]["median"] if "thrift" in result else None
    wanted = before.thrifts.get(part)
    fault = ""
    if "failed" in result:
        fault = f"a round failed: {result['failed'][0]}"
    elif wanted is None:
        fault = NOTHING
    elif thrift is None or thrift < before.line * wanted:
        fault = f"less than {before.line} of what was recorded"
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
