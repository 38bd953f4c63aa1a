"""All contestants by turns, and what comes of it: medians, spread, and ratios to ours within a turn.

A lap that fails is told, and the turns go on: what the others did is no worse for it.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.contest.verify import WrongOutputError
from benchmarks.contest.watch import Lap, LapFailedError

Result = dict[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failed:
    """A lap that has no figures, and why in a line."""

    why: str


Laps = dict[str, list[Lap | Failed]]


def by_turns(names: Sequence[str], turns: int, run: Callable[[str, Path], Lap], folder: Path) -> Laps:
    """Run all, one after the other, `turns` times."""
    laps: Laps = {name: [] for name in names}
    for turn, name in in_turn(names, turns):
        lap = _tried(run, name, folder / f"{name}-{turn}")
        laps[name].append(lap)
        sys.stderr.write(f"turn {turn + 1} of {turns}: {name} {_said(lap)}\n")
    return laps


def in_turn(names: Sequence[T], turns: int) -> Iterator[tuple[int, T]]:
    """The turn, from 0, and whose it is; each second turn goes the other way round."""
    for turn in range(turns):
        for name in names if turn % 2 == 0 else reversed(names):
            yield turn, name


def summary(laps: Sequence[Lap | Failed], ours: Sequence[Lap | Failed]) -> Result:
    """Median and spread of one contestant, and how many times as fast and as thrifty we are, turn by turn.

    `failed` says of the laps that did why, and is there when one did. Figures are of those that did not; there are none
    when all failed, and no ratios when we and it succeeded in no turn together.
    """
    good = [lap for lap in laps if isinstance(lap, Lap)]
    failed = [lap.why for lap in laps if isinstance(lap, Failed)]
    told: Result = {"turns": len(laps)} | ({"failed": failed} if failed else {})
    return told | (_figures(good) | _ratios(laps, ours) if good else {})


def spread(values: Sequence[float], digits: int) -> Mapping[str, float]:
    """Median, least and most."""
    found = {"median": median(values), "least": min(values), "most": max(values)}
    return {name: round(value, digits or None) for name, value in found.items()}


def _tried(run: Callable[[str, Path], Lap], name: str, folder: Path) -> Lap | Failed:
    try:
        return run(name, folder)
    except (LapFailedError, WrongOutputError) as error:
        sys.stderr.write(f"{error}\n")
        return Failed(str(error).partition("\n")[0].removesuffix(":"))


def _said(lap: Lap | Failed) -> str:
    if isinstance(lap, Failed):
        return f"failed: {lap.why}"
    return f"{lap.rate:,.0f}/s, {lap.thrift:.1f} CPU s a million, others {lap.spent.others:.0%}"


def _figures(laps: Sequence[Lap]) -> Result:
    servers = sorted(set(laps[0].spent.known) - {"benchmark"})
    return {
        "events": laps[0].events,
        "events_per_s": spread([lap.rate for lap in laps], 0),
        "cpu_s_per_million": {who: spread([lap.cpu(who) for lap in laps], 1) for who in servers},
        "peak_memory_mb": round(max(lap.memory_mb for lap in laps)),
        "others_share_of_cores": round(max(lap.spent.others for lap in laps), 3),
    }


def _ratios(laps: Sequence[Lap | Failed], ours: Sequence[Lap | Failed]) -> Result:
    both = [(mine, lap) for mine, lap in zip(ours, laps, strict=True) if isinstance(mine, Lap) and isinstance(lap, Lap)]
    if not both:
        return {}
    return {
        "ours_is_times": {
            "as_fast": spread([mine.rate / lap.rate for mine, lap in both], 2),
            "as_thrifty": spread([lap.thrift / mine.thrift for mine, lap in both], 2),
        }
    }
