"""`make bench`: every part and the whole path, one after the other; prints JSON lines and writes benchmarks/results.

`python -m benchmarks NAME...` measures some of them alone and writes nothing.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks import identify, identity, intake, latency, path, processor, sink, timeline
from benchmarks.machine import describe

RESULTS: Final = Path(__file__).parent / "results"
Result = dict[str, Any]
_MEASURES: Final[dict[str, Callable[[], Result | list[Result]]]] = {
    "processor": processor.measure,
    "sink": sink.measure,
    "identity": identity.measure,
    "intake": intake.measure,
    "path": path.measure,
    "latency": latency.measure,
    "timeline": timeline.measure,
    "identify": identify.measure,
}


def main(names: Sequence[str]) -> int:
    """Measure; exit status 2 for a name that is none."""
    if unknown := set(names) - set(_MEASURES):
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(_MEASURES)}\n")
        return 2
    machine = describe()
    results: list[Result] = []
    for name in names or _MEASURES:
        found = _MEASURES[name]()
        for result in found if isinstance(found, list) else [found]:
            print(orjson.dumps(result).decode(), flush=True)
            results.append(result)
    if not names:
        _write(machine, results)
    return 0


def _write(machine: Result, results: list[Result]) -> None:
    """One file a day: for each run the machine, then a line a benchmark."""
    with (RESULTS / f"{machine['date']}.jsonl").open("ab") as file:
        file.writelines(orjson.dumps(row) + b"\n" for row in [{"machine": machine}, *results])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
