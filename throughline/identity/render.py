"""Explanations as people read them, and as programs do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from schemas.evidence import Evidence
from schemas.identity import Range, milliseconds, moment
from stream_processors.core.judge import Node
from throughline.identity.explain import OF_A_KIND, Against, Doubt, Explanation
from throughline.identity.paths import Step
from throughline.identity.words import CLASSES, SEEN, fact_words

Seen = Mapping[UUID, Mapping[str, Any]]  # interactions by event_id: channel, type, name


def evidence_of(told: Explanation) -> list[Evidence]:
    """The facts that an explanation rests on: the interactions behind them are to be looked up."""
    steps = [step for _, step in told.steps]
    for found in told.against:
        steps += [*found.left, *found.right, *([found.link] if found.link else [])]
    steps += [step for doubt in told.doubts for step in doubt.claims]
    return [step.fact for step in steps] + [doubt.by for doubt in told.doubts if doubt.by]


def lines(told: Explanation, seen: Seen) -> Iterator[str]:
    """An explanation in plain text, line by line."""
    yield _headline(told)
    if told.steps:
        yield ""
        yield f"{told.steps[0][1].near.identifier}"
        yield from (_step(depth + 1, step, seen) for depth, step in told.steps)
    for doubt in told.doubts:
        yield ""
        yield from _doubt(doubt, seen)
    for found in told.against:
        yield ""
        yield from _against(found, seen)


def _headline(told: Explanation) -> str:
    names = " and ".join(told.identifiers)
    owner = told.owners[0]
    if told.one:
        return f"{names}: one customer, profile {owner.profile}"
    if len(told.identifiers) == 1:
        return f"{names}: {_whose(owner)}"
    apart = "; ".join(f"{name} {_whose(one)}" for name, one in zip(told.identifiers, told.owners, strict=True))
    unknown = "" if told.against or told.doubts else "\nno evidence links them"
    return f"{names}: not one customer ({apart}){unknown}"


def _whose(owner: Range) -> str:
    if owner.state in {"contested", "hub"}:
        return f"is nobody's: {owner.state}"
    return f"is of profile {owner.profile}" if owner.state == "linked" else f"is a profile of its own, {owner.profile}"


def _step(depth: int, step: Step, seen: Seen) -> str:
    return f"{'  ' * depth}{step.far.identifier}  <- {CLASSES[step.verdict.cls]}: {_shown(step.fact, seen)}"


def _shown(fact: Evidence, seen: Seen) -> str:
    if fact.fact not in SEEN:
        return fact_words(fact)
    row = seen.get(fact.event_id) if fact.event_id else None
    what = f"{row['channel']} {row['type']} {row['name']!r}".removesuffix(" ''") if row else "an interaction"
    at = moment(milliseconds(fact.at))
    return f"seen together at {at} in {what}, source {fact.source} (event {fact.event_id}, fact {fact.fact_id})"


def _doubt(doubt: Doubt, seen: Seen) -> Iterator[str]:
    if doubt.by is None:
        since = moment(milliseconds(doubt.claims[-1].fact.at))
        yield f"{doubt.identifier} is a hub: {len(doubt.claims)} neighbours by {since}; it belongs to nobody"
        return
    since = moment(doubt.since)
    yield f"{doubt.identifier} is contested since {since} and belongs to nobody from then on ({doubt.rule})"
    yield f"  another claim: {_shown(doubt.by, seen)}"
    yield from (f"  it stays linked with {_side(step, seen)}" for step in doubt.claims)


def _against(found: Against, seen: Seen) -> Iterator[str]:
    yield f"{found.rule}: {found.why}"
    if found.link is not None:
        step = found.link
        yield f"  refused: {step.near.identifier} - {step.far.identifier}, {_shown(step.fact, seen)}"
        if found.rule.partition(":")[0] in OF_A_KIND:
            yield from _sides("on one side", step.near, found.left, seen)
            yield from _sides("on the other", step.far, found.right, seen)
    yield from (f"  {fact_words(fact)}" for fact in found.said)


def _sides(where: str, end: Node, steps: Sequence[Step], seen: Seen) -> Iterator[str]:
    yield from (f"  {where}: {_side(step, seen)}" for step in steps)
    if not steps:
        yield f"  {where}: {end.identifier} itself"


def _side(step: Step, seen: Seen) -> str:
    ends = f"{step.near.identifier} - {step.far.identifier}"
    return f"{ends} ({CLASSES[step.verdict.cls]}), {_shown(step.fact, seen)}"


def document(told: Explanation, tenant: str, seen: Seen) -> dict[str, Any]:
    """An explanation as plain data."""
    return {
        "tenant": tenant,
        "identifiers": list(told.identifiers),
        "one": told.one,
        "owners": [{"profile": str(owner.profile), "state": owner.state} for owner in told.owners],
        "steps": [{"depth": depth, **_step_document(step, seen)} for depth, step in told.steps],
        "doubts": [
            {
                "identifier": doubt.identifier,
                "state": doubt.state,
                "since": moment(doubt.since) if doubt.by else None,
                "rule": doubt.rule,
                "by": _fact_document(doubt.by, seen) if doubt.by else None,
                "claims": _steps(doubt.claims, seen),
            }
            for doubt in told.doubts
        ],
        "against": [
            {
                "rule": found.rule,
                "why": found.why,
                "link": _step_document(found.link, seen) if found.link else None,
                "left": _steps(found.left, seen),
                "right": _steps(found.right, seen),
                "said": [_fact_document(fact, seen) for fact in found.said],
            }
            for found in told.against
        ],
    }


def _steps(steps: Sequence[Step], seen: Seen) -> list[dict[str, Any]]:
    return [_step_document(step, seen) for step in steps]


def _step_document(step: Step, seen: Seen) -> dict[str, Any]:
    ends = {"from": step.near.identifier, "to": step.far.identifier, "class": CLASSES[step.verdict.cls]}
    return {**ends, "rule": step.verdict.rule, **_fact_document(step.fact, seen)}


def _fact_document(fact: Evidence, seen: Seen) -> dict[str, Any]:
    said = {"fact_id": str(fact.fact_id), "fact": fact.fact, "at": moment(milliseconds(fact.at))}
    if fact.fact not in SEEN:
        told = {"command": fact.command, "author": fact.author, "reason": fact.reason}
        return {**said, "command_id": str(fact.command_id) if fact.command_id else None, **told}
    shown = dict(seen.get(fact.event_id, {})) if fact.event_id else {}
    return {**said, "event_id": str(fact.event_id) if fact.event_id else None, "source": fact.source, **shown}
