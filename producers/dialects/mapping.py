"""The configured mapping of a document's values to an interaction's members: `[sources.<name>.map]`.

    [sources.shop.map]
    type = "=order"                                     # a literal
    name = ["event", "=purchase"]                       # the first that has a value
    occurred_at = "created_at"
    direction = { from = "dir", values = { in = "inbound", out = "outbound" } }
    amount = "total.value"
    identifiers.email = ["customer.email", "payer"]     # identifiers: all of them
    traits.plan = "customer.plan"
    properties = "data"                                 # a whole object

Paths: `producers.dialects.paths`. What no rule takes goes to `properties` as it came, so nothing is lost.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import PlainValidator

from producers.dialects.paths import Path, parse
from producers.dialects.values import identity, number, text
from schemas.identifiers import PRIORITIES
from schemas.interaction import NAME, TYPES

FIELDS: Final = (
    "type", "name", "message_id", "occurred_at", "sent_at", "direction", "conversation", "agent", "text", "amount",
    "currency", "score", "score_scale", "duration_s",
)  # fmt: skip
GROUPS: Final = ("identifiers", "traits", "properties", "context")
TIMES: Final = frozenset({"occurred_at", "sent_at"})
_CLOSED: Final[Mapping[str, tuple[str, ...]]] = {"type": TYPES, "direction": ("inbound", "outbound")}
_IDS: Final = frozenset({"message_id", "conversation", "agent"})
_NUMBERS: Final = frozenset({"amount", "score", "score_scale", "duration_s"})


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the configuration."""

    value: str | float | bool


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one member comes from.

    Attributes:
        target: `text`, `identifiers.email`, or a group alone: an object that is taken whole.
        sources: tried in this order.
        values: the vendor's words for ours.
    """

    target: str
    sources: tuple[Path | Literal, ...]
    values: Mapping[str, str]

    @property
    def paths(self) -> Iterator[Path]:
        """The sources that are read from the document."""
        return (source for source in self.sources if isinstance(source, Path))


@dataclass(frozen=True, slots=True)
class Rules:
    """A checked mapping.

    Attributes:
        fields: rules of single members.
        groups: rules of identifiers, traits, properties and context.
        lenient: a `type` that is none of ours is the event's name (where nothing was configured).
    """

    fields: tuple[Rule, ...]
    groups: tuple[Rule, ...]
    lenient: bool = False

    def __deepcopy__(self, _: object) -> "Rules":
        """Itself: nothing in it changes, and pydantic copies defaults."""
        return self

    def __str__(self) -> str:
        """For the reference of keys."""
        return "members named like ours" if self.lenient else "as configured"


def convert(field: str, value: object) -> str | float | None:
    """A value as the member `field` wants it; None where it is empty. Times are `producers.dialects.values.moment`'s.

    Raises:
        ValueError: it does not fit.
    """
    if field in _NUMBERS:
        return None if value == "" else number(value)
    said = identity(value) if field in _IDS else text(value)
    if field in _CLOSED:
        said = said.strip().lower()
        if said and said not in _CLOSED[field]:
            near = get_close_matches(said, _CLOSED[field], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"one of {', '.join(_CLOSED[field])} is expected{hint}")
    elif field == "currency":
        said = said.strip().upper()
    return said or None


def default(*prefixes: str, times: tuple[str, ...] = ()) -> Rules:
    """The mapping where none is configured: members named like ours, at the top and below each prefix (`data.`).

    `times`: other names of occurred_at. Identifiers may stand in `identifiers` or by their kind, as `email`.
    """
    at = ("", *prefixes)
    below = {"type": ("",)}  # one level down it is the type of something else
    fields = [_named(field, [f"{p}{field}" for p in below.get(field, at)]) for field in FIELDS if field not in TIMES]
    fields += [_named("occurred_at", [*(f"{p}occurred_at" for p in at), *times]), _named("sent_at", ["sent_at"])]
    groups = [_named(group, [f"{p}{group}"]) for group in GROUPS for p in at]
    groups += [_named(f"identifiers.{kind}", [f"{p}{kind}" for p in at]) for kind in PRIORITIES]
    return Rules(tuple(fields), tuple(groups), lenient=True)


def _named(target: str, paths: list[str]) -> Rule:
    return Rule(target, tuple(parse(path) for path in paths), MappingProxyType({}))


def rules(table: object) -> Rules:
    """A mapping from its table in the configuration.

    Raises:
        ValueError: an unknown member, no path, a literal that does not fit; the message names the key.
    """
    if isinstance(table, Rules):
        return table
    fields: list[Rule] = []
    groups: list[Rule] = []
    for target, spec in _table(table).items():
        if target in FIELDS:
            fields.append(_rule(target, spec))
        elif target in GROUPS:
            groups += _group(target, spec)
        else:
            raise ValueError(f"{target} is no member of an interaction{_did_you_mean(target, (*FIELDS, *GROUPS))}")
    if not any(rule.target.startswith("identifiers") for rule in groups):
        raise ValueError('no identifier: nobody would own these interactions; add identifiers.user_id = "path.to.it"')
    return Rules(tuple(fields), tuple(groups))


DEFAULT: Final = default()
RulesField = Annotated[Rules, PlainValidator(rules)]


def _table(value: object) -> dict[str, object]:
    match value:
        case dict():
            return value
    raise ValueError('a table is expected: text = "message.body"')


def _group(group: str, spec: object) -> list[Rule]:
    if not isinstance(spec, dict):
        rule = _rule(group, spec)
        if any(isinstance(source, Literal) for source in rule.sources):
            raise ValueError(f'{group}: a path to an object is expected, or {group}.<name> = "path"')
        return [rule]
    for name in spec:
        if group == "identifiers" and not re.fullmatch(NAME, name):
            raise ValueError(f"identifiers.{name}: a kind has small letters, digits and _, as {', '.join(PRIORITIES)}")
    return [_rule(f"{group}.{name}", below) for name, below in spec.items()]


def _rule(target: str, spec: object) -> Rule:
    words: Mapping[str, str] = {}
    if isinstance(spec, dict):
        if spec.keys() != {"from", "values"} or not isinstance(spec["values"], dict):
            raise ValueError(f'{target}: a path, or {{ from = "path", values = {{ theirs = "ours" }} }}, is expected')
        words = {str(theirs): str(ours) for theirs, ours in spec["values"].items()}
        spec = spec["from"]
    rule = Rule(target, tuple(_sources(target, spec)), MappingProxyType(words))
    for value in (*(s.value for s in rule.sources if isinstance(s, Literal)), *words.values()):
        _check_literal(target, value)
    if target in FIELDS and (many := [path.text for path in rule.paths if path.is_many]):
        raise ValueError(f"{target}: {many[0]} may name many values, and only one has place here; use [0]")
    return rule


def _sources(target: str, spec: object) -> Iterator[Path | Literal]:
    for one in spec if isinstance(spec, list) else [spec]:
        if isinstance(one, str) and not one.startswith("="):
            try:
                yield parse(one)
            except ValueError as error:
                raise ValueError(f"{target}: {error}") from None
        elif isinstance(one, str | int | float):
            yield Literal(one[1:] if isinstance(one, str) else one)
        else:
            raise ValueError(f"{target}: a path is expected, or a literal as {'=order'!r}")


def _check_literal(target: str, value: object) -> None:
    if target in TIMES:
        raise ValueError(f"{target}: a time cannot be a literal")
    try:
        convert(target, value)
    except ValueError as error:
        raise ValueError(f"{target}: {error}") from None


def _did_you_mean(word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
