"""The page that the long form writes."""

from collections import Counter
from collections.abc import Mapping

from tests.chaos.campaign import Verdict


def page(machine: Mapping[str, object], seed: int, seconds: float, verdict: Verdict) -> str:
    """What was done and what came of it, as Markdown."""
    said = [
        "# Chaos, the long form",
        "",
        "`make chaos` writes this page: [how](../../docs/developing.md), and [what for](../../docs/guarantees.md).",
        "",
        *(f"- {name}: {value}" for name, value in machine.items()),
        f"- seed: {seed}",
        f"- took: {seconds / 60:.0f} minutes",
        f"- processes killed with -9: {verdict.died}",
        f"- interactions accepted: {verdict.accepted}",
        f"- rejected at the door: {verdict.rejected}",
        "",
        "**Found:**"
        if verdict.findings
        else "**Verdict: nothing lost, nothing doubled, one fate for every position.**",
        "",
        *(f"- {finding}" for finding in verdict.findings),
        *_table("Faults by class", verdict.faults),
        *_table("Deaths at each seam", verdict.seams),
        *_table("Killed from outside", verdict.kills),
        *_table("What senders were answered", verdict.answers),
    ]
    return "\n".join(said) + "\n"


def _table(title: str, counts: Counter[str]) -> list[str]:
    rows = [f"| {name} | {count} |" for name, count in sorted(counts.items())]
    return ["", f"## {title}", "", "| what | times |", "| --- | --- |", *rows]
