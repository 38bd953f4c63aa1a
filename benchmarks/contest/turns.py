"""All contestants by turns, and what comes of it: medians, spread, and ratios to ours within a turn."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.contest.watch import Lap

Result = dict[str, object]
Laps = dict[str, list[Lap]]


def by_turns(names: Sequence[str], turns: int, run: Callable[[str, Path], Lap], folder: Path) -> Laps:
    """Run all, one after the other, `turns` times; each second turn the other way round."""
    laps: Laps = {name: [] for name in names}
    for turn in range(turns):
        for name in names if turn % 2 == 0 else reversed(names):
            lap = run(name, folder / f"{name}-{turn}")
            laps[name].append(lap)
            sys.stderr.write(
                f"turn {turn + 1} of {turns}: {name} {lap.rate:,.0f}/s, {lap.thrift:.1f} CPU s a million, "
                f"others {lap.spent.others:.0%}\n"
            )
    return laps


def summary(laps: Sequence[Lap], ours: Sequence[Lap]) -> Result:
    """Median and spread of one contestant, and how many times as fast and as thrifty we are, turn by turn."""
    servers = sorted(set(laps[0].spent.known) - {"benchmark"})
    return {
        "turns": len(laps),
        "events": laps[0].events,
        "events_per_s": spread([lap.rate for lap in laps], 0),
        "cpu_s_per_million": {who: spread([lap.cpu(who) for lap in laps], 1) for who in servers},
        "peak_memory_mb": round(max(lap.memory_mb for lap in laps)),
        "ours_is_times": {
            "as_fast": spread([mine.rate / lap.rate for mine, lap in zip(ours, laps, strict=True)], 2),
            "as_thrifty": spread([lap.thrift / mine.thrift for mine, lap in zip(ours, laps, strict=True)], 2),
        },
        "others_share_of_cores": round(max(lap.spent.others for lap in laps), 3),
    }


def spread(values: Sequence[float], digits: int) -> Mapping[str, float]:
    """Median, least and most."""
    found = {"median": median(values), "least": min(values), "most": max(values)}
    return {name: round(value, digits or None) for name, value in found.items()}
