"""The page of results, written from the recorded runs: `python -m benchmarks.page`."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from benchmarks.contest import processors, sinks
from benchmarks.contest.quiet import QUIET
from benchmarks.goals import GOALS, Goal
from benchmarks.records import RESULTS, Result, Run, days, latest, read

PAGE: Final = RESULTS / "README.md"
NOTES: Final = RESULTS / "notes.md"
_HEAD: Final = """# Results

Written by `python -m benchmarks.page` from the runs in this folder. `make bench` adds a run to the file of the day: a
line for the machine, versions and commit, then a line a benchmark; `python -m benchmarks --record NAME...` measures
some. Compare figures within one run, and ratios between runs: machines are small and noisy. CPU seconds a million are
steadier than rates. A contestant's figures are the median (least to most) of its turns; `ours is` says how many times
as fast as it we did it within the same turn, and how many times our CPU seconds go into its.
"""
_TOLD: Final = {processors.BENCHMARK, sinks.BENCHMARK}


def write() -> None:
    """Write the page anew."""
    PAGE.write_text(text(read(days()), NOTES.read_text()))


def text(runs: Sequence[Run], notes: str) -> str:
    """The page."""
    parts = [_HEAD, _goals(runs)]
    parts += _contest(
        runs,
        processors.BENCHMARK,
        "The processor's job: validate, drop copies, file under the subject",
        "Four partitions, one process. `_step`: our own step and store within that engine; the others: the job in the "
        "library's own idiom, with a check of a few members where ours checks all of schema 1.",
    )
    parts += _contest(
        runs,
        sinks.BENCHMARK,
        "From Kafka to ClickHouse",
        "Into chDB with fsync, behind the same gateway. CPU of ClickHouse is counted with the contestant's. Its own "
        "Kafka engine cannot take part: chDB lists it, and cannot create such a table.",
    )
    parts += _others(runs)
    parts.append(notes)
    return "\n".join(parts)


def _goals(runs: Sequence[Run]) -> str:
    rows = ["## Goals", "", "| goal | wanted | measured | |", "| --- | --- | --- | --- |"]
    for goal in GOALS:
        found = goal.measured(runs)
        wanted = f"{'at least' if goal.at_least else 'at most'} {_figure(goal.wanted)}"
        verdict = "not measured" if found is None else "met" if goal.is_met(found) else "missed"
        rows.append(f"| {goal.what} | {wanted} | {'' if found is None else _figure(found)} | {verdict} |")
    missed = [f"- **{goal.what}**: {goal.why}" for goal in GOALS if goal.why and not _is_met(goal, runs)]
    return (
        "\n".join([*rows, "", "What stands in the way of those that are missed:", "", *missed] if missed else rows)
        + "\n"
    )


def _is_met(goal: Goal, runs: Sequence[Run]) -> bool:
    found = goal.measured(runs)
    return found is None or goal.is_met(found)


def _contest(runs: Sequence[Run], benchmark: str, title: str, told: str) -> Iterator[str]:
    run = latest(runs, benchmark)
    if run is None:
        return
    yield f"## {title}\n\n{_where(run)}{_loud(run.of(benchmark))} {told}\n"
    who = sorted({name for row in run.of(benchmark) for name in row.get("cpu_s_per_million", {})}, key=_rank)
    heads = ["", "events/s", *(f"CPU s a million: {name}" for name in who), "peak MB", "ours is", "not equal"]
    rows = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    rows += [f"| {' | '.join(_cells(row, who))} |" for row in run.of(benchmark)]
    yield "\n".join(rows) + "\n"


def _cells(row: Result, who: Sequence[str]) -> list[str]:
    """A contestant's line; a lap that failed is told where the rate stands."""
    failed = [f"failed ({len(row['failed'])} of {row['turns']}): {row['failed'][0]}"] if "failed" in row else []
    cpu = row.get("cpu_s_per_million", {})
    rates = [_spread(row["events_per_s"])] if "events_per_s" in row else []
    times = row.get("ours_is_times")
    return [
        f"{row['contestant']}{_engine(row)}",
        "; ".join(rates + failed),
        *(_spread(cpu[name]) if name in cpu else "" for name in who),
        f"{row.get('peak_memory_mb', '')}",
        f"{times['as_fast']['median']} x as fast, {times['as_thrifty']['median']} x as thrifty" if times else "",
        row["unequal"],
    ]


def _others(runs: Sequence[Run]) -> Iterator[str]:
    """What has no peer, as it was recorded."""
    names = dict.fromkeys(row["benchmark"] for run in runs for row in run.results if row["benchmark"] not in _TOLD)
    rows = ["## Part by part", "", "| benchmark | run | figures |", "| --- | --- | --- |"]
    for name in names:
        run = latest(runs, name)
        assert run is not None
        for row in run.of(name):
            figures = {key: value for key, value in row.items() if key != "benchmark"}
            told = ", ".join(f"{key} {_plain(value)}" for key, value in figures.items())
            rows.append(f"| {name} | {run.machine['date']} {run.machine['commit']} | {told} |")
    yield "\n".join(rows) + "\n"


def _where(run: Run) -> str:
    machine = run.machine
    versions = ", ".join(
        f"{name} {version}" for name, version in (machine["packages"] | machine.get("peers", {})).items()
    )
    return (
        f"{machine['date']}, commit {machine['commit']}, {machine['machine']}, Python {machine['python']}; {versions}."
    )


def _loud(rows: Sequence[Result]) -> str:
    """A warning where others had the machine's cores as well."""
    loudest = max(row.get("others_share_of_cores", 0.0) for row in rows)
    return f" **The machine was not quiet: others had up to {loudest:.0%} of its cores.**" if loudest > QUIET else ""


def _rank(name: str) -> int:
    return ["contestant", "clickhouse", "broker"].index(name)


def _engine(row: Result) -> str:
    return f" ({row['engine']})" if "engine" in row else ""


def _spread(values: Result) -> str:
    return f"{_figure(values['median'])} ({_figure(values['least'])} to {_figure(values['most'])})"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}" if value == round(value, 2) else f"{value:.2f}"


def _plain(value: Any) -> str:  # noqa: ANN401  whatever JSON holds
    return orjson.dumps(value).decode().replace('"', "") if isinstance(value, dict | list) else str(value)


if __name__ == "__main__":
    write()
