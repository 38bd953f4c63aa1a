"""The conformance suite: what every adapter on the roll must hold, examined with its golden cases.

Product code: the tests run it over the whole roll, `throughline adapters check NAME` over one adapter. It learns what a
scheme protects from the cases: an adapter that refuses a golden forgery as `signature_wrong` signs its bodies, so every
flipped byte must be refused; one that refuses a golden case as `signature_stale` has a window, so old ones must be.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import ValidationError

from producers.conformance import golden
from producers.conformance.forgeries import believed_bodies, believed_headers, keyless
from producers.conformance.golden import Case, CaseError, build, origin_of
from producers.conformance.mutations import mutated
from producers.contract import Adapter, Bad, Delivery, Draft, Refused
from producers.keep import kept
from producers.seal import Sealed, seal

Rule = Literal["golden", "expected", "seal", "ids", "alone", "forged", "stale", "secret", "raises"]
FOREVER: Final = timedelta(days=3650)
_FORGED: Final = frozenset({"signature_wrong", "key_wrong"})
_Found = Iterator[tuple[Rule, str]]
_Built = tuple[Case, Adapter[Any]]
_ENOUGH: Final = 3  # findings of one rule in one case: more say nothing new


@dataclass(frozen=True, slots=True)
class Finding:
    """A way in which an adapter does not conform.

    Attributes:
        adapter: its name.
        case: the golden case; empty where the adapter as a whole is meant.
        rule: which part of the suite found it.
        detail: what exactly, and what to do.
    """

    adapter: str
    case: str
    rule: Rule
    detail: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.adapter}{'/' + self.case if self.case else ''}: {self.rule}: {self.detail}"


def examine(adapter: type[Adapter[Any]], root: Path, *, update: bool = False) -> list[Finding]:
    """What is wrong with an adapter, by its cases in `root/<name>/`; an empty list means that it conforms.

    With `update`, every `expected.json` is first rewritten to what the adapter says now.
    """
    folders = golden.folders(root, adapter.name)
    if not folders:
        return [Finding(adapter.name, "", "golden", f"no cases: add {adapter.name}/<case>/delivery.json to {root}")]
    findings: list[Finding] = []
    cases: list[_Built] = []
    for folder in folders:
        try:
            case = golden.load(folder)
            cases.append((case, build(adapter, case.config)))
        except (CaseError, ValidationError) as error:
            findings.append(Finding(adapter.name, folder.name, "golden", str(error)))
    outcomes: list[object] = []
    for case, built in cases:
        found = list(_case(case, built, outcomes, update=update))
        findings += [Finding(adapter.name, case.name, rule, detail) for rule, detail in found]
    return findings + list(_forgeries(adapter, cases, outcomes))


def _case(case: Case, adapter: Adapter[Any], outcomes: list[object], *, update: bool) -> _Found:
    try:
        actual = golden.outcome(adapter, case.delivery)
    except Exception as error:  # noqa: BLE001  whatever an adapter raises is the finding
        outcomes.append(None)
        yield "raises", f"the recorded delivery: {_named(error)}"
        return
    outcomes.append(actual)
    if update:
        golden.write(case, actual)
    elif case.expected is None:
        yield "expected", "no expected.json: write it with --update-golden, then read what it says"
    elif not golden.agrees(case.expected, actual):
        yield "expected", f"{_difference(case.expected, actual)}; where that is right, run with --update-golden"
    if isinstance(actual, list):
        yield from _sealing(case, adapter)
        yield from _stability(case, adapter)
        yield from _standing(case, adapter)
    yield from _robustness(adapter, case.delivery)


def _difference(expected: object, actual: object) -> str:
    """The first place where the outcome is another one."""
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{len(actual)} items came, {len(expected)} were expected"
        pairs = zip(expected, actual, strict=True)
        number, (wanted, came) = next(
            (n, pair) for n, pair in enumerate(pairs) if not golden.agrees([pair[0]], [pair[1]])
        )
        if isinstance(wanted, dict) and (names := sorted(k for k in wanted | came if wanted.get(k) != came.get(k))):
            return "; ".join(f"[{number}].{k}: {came.get(k)!r} came, expected {wanted.get(k)!r}" for k in names)
    return f"{actual!r} came, expected {expected!r}"


def _sealing(case: Case, adapter: Adapter[Any]) -> _Found:
    """Every draft becomes a valid interaction of a channel that the adapter names."""
    seen = set()
    for number, item in enumerate(golden.items(adapter, case.delivery)):
        if isinstance(item, Bad):
            if case.delivery.body and not item.body:
                yield "seal", f"item {number} is bad, and its bytes are lost: Bad.body is empty"
            continue
        if item.channel not in adapter.channels:
            yield "seal", f"item {number}: channel {item.channel} is not in {sorted(adapter.channels)}"
        sealed = seal(item, origin_of(adapter), case.delivery.received_at, golden.MAX_SIZE)
        if isinstance(sealed, Bad):
            if sealed.fault.reason not in case.rejects:
                fault = f"{sealed.fault.reason}: {sealed.fault.path}: {sealed.fault.detail}"
                yield (
                    "seal",
                    f'item {number} is no interaction: {fault}; where that is right, add "rejects" to the case',
                )
        elif sealed.event_id in seen:
            yield "ids", f"item {number} has the id of another item of the same delivery: all but one would be copies"
        else:
            seen.add(sealed.event_id)


def _stability(case: Case, adapter: Adapter[Any]) -> _Found:
    """A retry gives the same ids and the same content, whenever it comes."""
    later = replace(case.delivery, received_at=case.delivery.received_at + timedelta(hours=5, seconds=1.5))
    if _marks(adapter, case.delivery) != _marks(adapter, later):
        yield "ids", "the same delivery, received later, gives other ids or other content: decode is not pure"


def _standing(case: Case, adapter: Adapter[Any]) -> _Found:
    """What would be kept of each item gives that item again, with its ids: so it can be replayed."""

    def described(item: Draft | Bad) -> dict[str, Any]:
        said = golden.described(item, adapter, case.delivery)
        return {name: value for name, value in said.items() if name != "path"}  # its place in the whole delivery

    for number, item in enumerate(golden.items(adapter, case.delivery)):
        body = kept(item, case.delivery)
        again = golden.items(adapter, replace(case.delivery, body=body, first=number))
        one, *_ = [*map(described, again), {}]
        if one != described(item):
            yield "alone", f"item {number}, kept alone and decoded again, is another one: see Draft.alone and Bad.body"


def _marks(adapter: Adapter[Any], delivery: Delivery) -> list[tuple[UUID | None, str]]:
    """The event id and the fingerprint of each interaction."""
    marks: list[tuple[UUID | None, str]] = []
    for item in golden.items(adapter, delivery):
        if isinstance(item, Draft):
            sealed = seal(item, origin_of(adapter), delivery.received_at, golden.MAX_SIZE)
            marks.append(
                (sealed.event_id, orjson.loads(sealed.value)["fingerprint"] if isinstance(sealed, Sealed) else "")
            )
    return marks


def _robustness(adapter: Adapter[Any], delivery: Delivery) -> _Found:
    """No bytes raise anything but MalformedError."""
    found = 0
    for variant in mutated(delivery):
        complaint = _complaint(adapter, variant)
        if complaint:
            where = _first_difference(delivery, variant)
            yield "raises", f"{complaint}; with {where}"
            found += 1
        if found == _ENOUGH:
            return


def _complaint(adapter: Adapter[Any], delivery: Delivery) -> str:
    try:
        stage = "verify"
        refused = adapter.verify(delivery)
        if refused is not None and not isinstance(refused, Refused):
            return f"verify gave {refused!r}, neither None nor Refused"  # type: ignore[unreachable]  # adapters of others
        stage = "handshake"
        adapter.handshake(delivery)
        stage = "decode"
        for item in golden.items(adapter, delivery):
            stage = "seal, what decode gave"
            if isinstance(item, Draft):
                seal(item, origin_of(adapter), delivery.received_at, golden.MAX_SIZE)
            elif not isinstance(item, Bad):
                return f"decode gave {item!r}, neither Draft nor Bad"  # type: ignore[unreachable]  # as above
    except Exception as error:  # noqa: BLE001  whatever an adapter raises is the finding
        return f"{stage}: {_named(error)}"
    return ""


def _named(error: Exception) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text[:200]}"


def _first_difference(original: Delivery, variant: Delivery) -> str:
    if original.body != variant.body:
        shown = variant.body if len(variant.body) <= 300 else variant.body[:300] + b"..."  # noqa: PLR2004  a few lines
        return f"body {shown!r}"
    for name, value in original.headers.items():
        if variant.headers.get(name) != value:
            return f"header {name}: {variant.headers.get(name, 'absent')[:60]!r}"
    return f"path {variant.path[:60]!r}, query {variant.query[:60]!r}"


def _forgeries(adapter: type[Adapter[Any]], cases: list[_Built], outcomes: list[object]) -> Iterator[Finding]:
    """What is not authentic is refused, wherever the scheme can tell."""
    if adapter.intake == "file":  # whoever runs the import is trusted
        return
    for detail in keyless(adapter):
        yield Finding(adapter.name, "", "secret", detail)
    codes = {outcome["refused"] for outcome in outcomes if isinstance(outcome, dict) and "refused" in outcome}
    if not codes & _FORGED and not (codes and adapter.intake == "smtp"):
        yield Finding(adapter.name, "", "forged", "no golden case is refused as a forgery: record one with a wrong key")
    for (case, built), outcome in zip(cases, outcomes, strict=True):
        if isinstance(outcome, list):
            found = [*_unnoticed(case, built, codes), *_window(case, built, codes)]
            yield from (Finding(adapter.name, case.name, rule, detail) for rule, detail in found)


def _unnoticed(case: Case, adapter: Adapter[Any], codes: set[str]) -> _Found:
    if "signature_wrong" in codes:
        for details in (believed_headers(case, adapter), believed_bodies(case, adapter)):
            for detail in islice(details, _ENOUGH):
                yield "forged", detail


def _window(case: Case, adapter: Adapter[Any], codes: set[str]) -> _Found:
    stale = adapter.verify(replace(case.delivery, received_at=case.delivery.received_at + FOREVER))
    if stale is None and "signature_stale" in codes:
        yield "stale", "ten years later it is still believed"
    elif stale is not None and "signature_stale" not in codes:
        yield "stale", "it has a window: record a case that is refused as stale"
