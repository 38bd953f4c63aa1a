"""`make bench`: every part, and what one would take instead; prints JSON lines, writes benchmarks/results.

`python -m benchmarks NAME...` measures some of them, and writes nothing unless `--record` is given. `--quick` is the
small run that compares its ratios with recorded ones: exit status 1 when one is worse, twice.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import orjson

from benchmarks import (
    catch_up,
    guard,
    identify,
    identity,
    intake,
    latency,
    levers,
    page,
    path,
    processor,
    quick,
    scale,
    servers,
    sink,
    telemetry,
    timeline,
    workers,
)
from benchmarks.contest import processors, sinks
from benchmarks.machine import describe
from benchmarks.records import QUICK, RESULTS, Result, Run, read, write

# Takes a factor of its sizes; and up to how many times the smallest to go, where it compares sizes.
Measure = Callable[[float, int], Result | list[Result]]

_MEASURES: Final[dict[str, Measure]] = {
    "processors": lambda size, _: processors.measure(int(200_000 * size), int(12_000 * size)),
    "sinks": lambda size, _: sinks.measure(int(200_000 * size)),
    "processor": lambda size, _: processor.measure(int(500_000 * size), int(200_000 * size)),
    "sink": lambda size, _: sink.measure(int(600_000 * size)),
    "path": lambda size, _: path.measure(int(600_000 * size)),
    "catch_up": lambda size, _: catch_up.measure(int(1_000_000 * size)),
    "latency": lambda size, _: latency.measure(seconds=int(12 * size)),
    "intake": lambda size, _: intake.measure(int(2_000 * size), int(15_000 * size)),
    "scale": lambda size, times: scale.measure(int(500_000 * size), int(50_000 * size), times),
    "workers": lambda size, _: workers.measure(int(100_000 * size)),
    "identity": lambda size, _: identity.measure(int(1_000_000 * size), int(100_000 * size)),
    "identify": lambda size, _: identify.measure(seconds=int(30 * size)),
    "telemetry": lambda *_: telemetry.measure(),
    "timeline": lambda size, times: timeline.measure(int(10_000_000 * size), int(100_000 * size), times),
}
_LONG: Final[dict[str, Measure]] = {  # when they are named alone
    "levers": lambda size, _: levers.measure(int(60_000 * size), int(6 * size)),
    "servers": lambda size, _: servers.measure(int(400 * size), int(4_000 * size)),
}
_QUICK: Final[dict[str, Measure]] = {
    "processor": lambda size, _: quick.processors(int(120_000 * size), 7),
    "sink": lambda size, _: quick.sinks_and_clickhouse(int(300_000 * size), 3),
}


def main(arguments: Sequence[str]) -> int:
    """Measure; exit status 1 when a lap failed or two quick runs are worse than recorded, 2 for a name that is none."""
    known = _MEASURES | _LONG
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", choices=[[], *known], metavar="NAME", help=", ".join(known))
    parser.add_argument("--quick", action="store_true", help="the small run; compare its ratios")
    parser.add_argument("--record", action="store_true", help="keep the results, of some benchmarks or a quick run too")
    parser.add_argument("--size", type=float, default=1.0, help="a factor of all sizes; 1 takes 20 quiet minutes")
    parser.add_argument("--times", type=int, default=10, help="scale, timeline: so many times the smallest, too")
    asked = parser.parse_args(arguments)
    if asked.quick:
        return _quick(asked.size, is_kept=asked.record)
    measures = known if asked.names else _MEASURES
    machine = describe() | {"size": asked.size}
    run = Run(machine, list(_measured([measures[name] for name in asked.names or measures], asked.size, asked.times)))
    if asked.record or not asked.names:
        write(RESULTS / f"{machine['date']}.jsonl", run)
        page.write()
    return 1 if any("failed" in result for result in run.results) else 0


def _quick(size: float, *, is_kept: bool) -> int:
    """Compare thrifts with the recorded ones, or record them."""
    machine = describe() | {"size": size}
    if is_kept:
        run = Run(machine, list(_measured(list(_QUICK.values()), size, 1)))
        if not (status := 1 if any("failed" in result for result in run.results) else 0):
            write(QUICK, run)
        return status
    kind = str(machine["processor"])
    before = guard.recorded(read([QUICK]) if QUICK.exists() else [], kind)
    print(f"{kind}: a part is worse below {guard.LINE} of what was recorded", flush=True)
    worse = [_is_worse(measure, size, before) for measure in _QUICK.values()]  # all are told
    return 1 if any(worse) else 0


def _is_worse(measure: Measure, size: float, before: Mapping[str, float]) -> bool:
    """Whether a part is, twice: something that happens to a machine for a minute is no fault of ours."""
    faults = []
    for _ in range(2):
        found = measure(size, 1)
        verdicts = guard.judged(found if isinstance(found, list) else [found], before)
        print(guard.table(verdicts), flush=True)
        faults.append({verdict.part for verdict in verdicts if verdict.fault})
        if not faults[-1]:
            return False
    return bool(faults[0] & faults[1])


def _measured(measures: Sequence[Measure], size: float, times: int) -> Iterator[Result]:
    for measure in measures:
        found = measure(size, times)
        for result in found if isinstance(found, list) else [found]:
            print(orjson.dumps(result).decode(), flush=True)
            yield result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
