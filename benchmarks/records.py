"""Runs as they are kept in benchmarks/results: for each run the machine, then a line a result."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

RESULTS: Final = Path(__file__).parent / "results"
QUICK: Final = RESULTS / "quick.jsonl"
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """Where and when it was, and what came of it."""

    machine: Result
    results: Sequence[Result]

    def of(self, benchmark: str) -> list[Result]:
        """The results of a benchmark."""
        return [result for result in self.results if result["benchmark"] == benchmark]


def write(path: Path, run: Run) -> None:
    """Add a run to a file."""
    with path.open("ab") as file:
        file.writelines(orjson.dumps(row) + b"\n" for row in [{"machine": run.machine}, *run.results])


def read(paths: Iterable[Path]) -> list[Run]:
    """All runs, the oldest first."""
    runs: list[tuple[Result, list[Result]]] = []
    for path in paths:
        for line in path.read_bytes().splitlines():
            row: Result = orjson.loads(line)
            if "machine" in row:
                runs.append((row["machine"], []))
            else:
                runs[-1][1].append(row)
    return [Run(machine, results) for machine, results in runs]


def days() -> list[Path]:
    """The files of full runs, one a day, the oldest first."""
    return sorted(RESULTS.glob("20??-??-??.jsonl"))


def latest(runs: Sequence[Run], benchmark: str) -> Run | None:
    """The last run that has a benchmark."""
    return next((run for run in reversed(runs) if run.of(benchmark)), None)
