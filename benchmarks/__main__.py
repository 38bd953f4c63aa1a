"""`make bench`: every part, and what one would take instead; prints JSON lines, writes benchmarks/results.

`python -m benchmarks NAME...` measures some of them, and writes nothing unless `--record` is given. `--quick` is the
small run that compares its ratios with the last one recorded: exit status 1 when one is a fifth worse.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import orjson

from benchmarks import (
    catch_up,
    guard,
    identify,
    identity,
    intake,
    latency,
    page,
    path,
    processor,
    scale,
    sink,
    telemetry,
    timeline,
)
from benchmarks.contest import processors, sinks
from benchmarks.machine import describe
from benchmarks.records import QUICK, RESULTS, Result, Run, read, write

_MEASURES: Final[dict[str, Callable[[], Result | list[Result]]]] = {
    "processors": processors.measure,
    "sinks": sinks.measure,
    "processor": processor.measure,
    "sink": sink.measure,
    "path": path.measure,
    "catch_up": catch_up.measure,
    "latency": latency.measure,
    "intake": intake.measure,
    "scale": scale.measure,
    "identity": identity.measure,
    "identify": identify.measure,
    "telemetry": telemetry.measure,
    "timeline": timeline.measure,
}
_QUICK: Final[dict[str, Callable[[], Result | list[Result]]]] = {
    "processors": lambda: processors.measure(
        40_000, 6_000, names=("plain_step", "quix_step", "quix_state", "faust_dict")
    ),
    "sinks": lambda: sinks.measure(120_000, names=(sinks.FLOOR,)),
}


def main(arguments: Sequence[str]) -> int:
    """Measure; exit status 1 when a quick run is worse than the one recorded, 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", choices=[[], *_MEASURES], metavar="NAME", help=", ".join(_MEASURES))
    parser.add_argument("--quick", action="store_true", help="the small run; compare its ratios")
    parser.add_argument("--record", action="store_true", help="keep the results, of some benchmarks or a quick run too")
    asked = parser.parse_args(arguments)
    measures = _QUICK if asked.quick else _MEASURES
    machine = describe()
    run = Run(machine, list(_measured([measures[name] for name in asked.names or measures])))
    faults = _compared(run) if asked.quick else []
    if asked.record or not (asked.quick or asked.names):
        write(QUICK if asked.quick else RESULTS / f"{machine['date']}.jsonl", run)
        page.write()
    return 1 if faults else 0


def _measured(measures: Sequence[Callable[[], Result | list[Result]]]) -> Iterator[Result]:
    for measure in measures:
        found = measure()
        for result in found if isinstance(found, list) else [found]:
            print(orjson.dumps(result).decode(), flush=True)
            yield result


def _compared(run: Run) -> list[str]:
    recorded = read([QUICK]) if QUICK.exists() else []
    faults = guard.worse(run.results, recorded[-1].results) if recorded else []
    for fault in faults:
        sys.stderr.write(f"worse than recorded: {fault}\n")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
