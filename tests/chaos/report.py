"""The page that the long form writes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tests.chaos.campaign import Verdict


def page(machine: Mapping[str, object], seed: int, seconds: float, verdicts: Sequence[Verdict]) -> str:
    """What was done and what came of it, as Markdown."""
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    faults, seams, kills, answers = (
        _sum(getattr(verdict, name) for verdict in verdicts) for name in ("faults", "seams", "kills", "answers")
    )
    said = [
        "# Chaos, the long form",
        "",
        "`make chaos` writes this page. docs/developing.md says how it works, docs/guarantees.md what it is for.",
        "",
        *(f"- {name}: {value}" for name, value in machine.items()),
        f"- seed: {seed}",
        f"- took: {seconds / 60:.0f} minutes",
        f"- processes killed with -9: {seams.total() + kills.total()}",
        f"- interactions accepted: {sum(verdict.accepted for verdict in verdicts)}",
        f"- rejected at the door: {sum(verdict.rejected for verdict in verdicts)}",
        "",
        "**Verdict: nothing lost, nothing doubled, every position with one fate.**" if not findings else "**Found:**",
        "",
        *(f"- {finding}" for finding in findings),
        *_table("Faults by class", faults),
        *_table("Deaths at each seam", seams),
        *_table("Killed from outside", kills),
        *_table("What senders were answered", answers),
    ]
    return "\n".join(said) + "\n"


def _table(title: str, counts: Counter[str]) -> list[str]:
    rows = [f"| {name} | {count} |" for name, count in sorted(counts.items())]
    return ["", f"## {title}", "", "| what | times |", "| --- | --- |", *rows]


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total += counter
    return total
