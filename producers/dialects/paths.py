"""Dotted paths into JSON documents: `customer.emails[0]`, `lines[*].sku`, `["a name. with dots"].x`.

A small part of JSONPath (RFC 9535) without its `$.`: member names, `[n]` from the start or `[-n]` from the end, `[*]`
for every item of a list. `$` before a path means the whole delivery where the document is one item of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final

from pydantic import PlainValidator


class Every(Enum):
    """The step `[*]`."""

    ITEM = "*"


Step = str | int | Every
_STEP: Final = re.compile(
    r'\.?(?P<name>[^.\[\]"$]+)|\[(?P<index>-?\d{1,9})\]|\[(?P<every>\*)\]|\["(?P<quoted>[^"]+)"\]'
)


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path; `whole` where it begins with `$`: it is read in the whole delivery."""

    text: str
    steps: tuple[Step, ...]
    whole: bool = False

    @property
    def is_many(self) -> bool:
        """Whether it can name several values."""
        return Every.ITEM in self.steps


def parse(text: str) -> Path:
    """A path from its text.

    Raises:
        ValueError: it is no path; the message says where.
    """
    whole = text.startswith(("$.", "$["))
    at = 1 if whole else 0
    steps: list[Step] = []
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (match["name"] and match[0].startswith(".") != (at > 0)):
            raise ValueError(f"{text!r} is no path: character {at + 1} is not expected; write it as customer.emails[0]")
        at = match.end()
        steps.append(_step(match))
    if not steps:
        raise ValueError("an empty path: name a member, as customer.email")
    return Path(text, tuple(steps), whole)


def _step(match: re.Match[str]) -> Step:
    if match["index"]:
        return int(match["index"])
    return Every.ITEM if match["every"] else match["name"] or match["quoted"]


def _parsed(value: object) -> Path:
    return value if isinstance(value, Path) else parse(str(value))


PathField = Annotated[Path, PlainValidator(_parsed)]


def values(document: object, path: Path) -> list[Any]:
    """The values that a path names, null and what is not there left out."""
    found: list[Any] = [document]
    for step in path.steps:
        found = [below for value in found for below in _below(value, step)]
    return [value for value in found if value is not None]


def _below(value: object, step: Step) -> Iterator[Any]:
    if isinstance(step, str):
        if isinstance(value, dict) and step in value:
            yield value[step]
    elif isinstance(value, list):
        if isinstance(step, Every):
            yield from value
        elif -len(value) <= step < len(value):
            yield value[step]


def take_out(document: object, path: Path) -> None:
    """Remove the members that a path names, in place, and the objects that this leaves empty.

    Items of lists stay: the places of the others would change.
    """
    _take_out(document, path.steps)


def _take_out(value: object, steps: tuple[Step, ...]) -> None:
    step, rest = steps[0], steps[1:]
    if not rest:
        if isinstance(value, dict) and isinstance(step, str):
            value.pop(step, None)
        return
    for below in list(_below(value, step)):
        _take_out(below, rest)
        if below == {} and isinstance(value, dict) and isinstance(step, str):
            del value[step]


def around(envelope: dict[str, Any], path: Path, item: object) -> object:
    """A document in which a path leads to this item only; the envelope is around it where the path has no indexes."""
    names = [step for step in path.steps if isinstance(step, str)]
    return _around(envelope if len(names) == len(path.steps) else {}, path.steps, item)


def _around(envelope: object, steps: tuple[Step, ...], item: object) -> object:
    step, rest = steps[0], steps[1:]
    below = envelope.get(step) if isinstance(envelope, dict) else None
    inner = _around(below, rest, item) if rest else [item] if isinstance(step, str) else item
    if isinstance(step, str):
        return (envelope if isinstance(envelope, dict) else {}) | {step: inner}
    if isinstance(step, Every):
        return [inner]
    return [None] * step + [inner] if step >= 0 else [inner] + [None] * (-step - 1)
