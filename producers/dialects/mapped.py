"""A document becomes a draft by the rules of a mapping; what no rule takes stays in its properties. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PlainValidator

from producers.contract import Draft, SourceConfig
from producers.dialects.mapping import DEFAULT, TIMES, Literal, Rule, Rules, RulesField, convert
from producers.dialects.paths import Path, take_out, values
from producers.dialects.values import identity, moment, text
from schemas.fates import Fault, Reason
from schemas.interaction import TYPES, Channel

_TYPES: Final = frozenset(TYPES)


def _zone(name: object) -> tzinfo:
    if isinstance(name, tzinfo):
        return name
    if name == "UTC":  # needs no time zone database
        return UTC
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it as Europe/Berlin or UTC") from None


Zone = Annotated[tzinfo, PlainValidator(_zone)]


class MappedConfig(SourceConfig):
    """Keys of every adapter with a mapping."""

    channel: Channel = Field(description="the medium of everything that it takes")
    map: RulesField = Field(DEFAULT, description="members of the interaction by paths into the document")
    timezone: Zone = Field(UTC, description="of times without an offset, as Europe/Berlin")


class _UnfitError(Exception):
    """A value that does not fit its member; becomes a Fault at the door of this module."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


@dataclass(slots=True)
class _Reading:
    """A document while rules read it."""

    document: dict[str, Any]
    whole: object
    taken: list[Path]

    def first(self, rule: Rule) -> tuple[object, str]:
        """The value of the first source that has one, and its path; None where none has."""
        for source in rule.sources:
            if isinstance(source, Literal):
                return source.value, ""
            found = self._values(source)
            if found and found != [""]:
                return self._use(rule, source, found if source.is_many else found[0]), source.text
        return None, ""

    def every(self, rule: Rule) -> Iterator[tuple[object, str]]:
        """All values of all sources, lists unfolded, with their paths."""
        for source in rule.sources:
            found = [source.value] if isinstance(source, Literal) else self._values(source)
            for value in found:
                for one in _listed(value):
                    if one is not None:
                        where = "" if isinstance(source, Literal) else source.text
                        yield (one if isinstance(source, Literal) else self._use(rule, source, one)), where

    def _values(self, path: Path) -> list[Any]:
        if len(path.steps) == 1 and not path.whole and isinstance(name := path.steps[0], str):
            value = self.document.get(name)  # nearly always, and ten times as fast
            return [] if value is None else [value]
        return values(self.whole if path.whole else self.document, path)

    def _use(self, rule: Rule, path: Path, value: object) -> object:
        if rule.values and isinstance(value, str | int | float):
            return rule.values.get(text(value), value)  # not taken out: the vendor's own word is kept
        if not path.whole:
            self.taken.append(path)
        return value


def draft_of(
    document: object,
    mapping: Rules,
    channel: Channel,
    zone: tzinfo = UTC,
    *,
    whole: object = None,
    message_id: str | None = None,
) -> Draft | Fault:
    """What a document says by the rules, or the first value that does not fit, with its path. Consumes the document.

    `whole`: the delivery that the document is one item of. `message_id`: where the rules find none.
    """
    if not isinstance(document, dict):
        return Fault(Reason.SCHEMA_INVALID, "a JSON object is expected")
    reading = _Reading(document, whole if whole is not None else document, [])
    draft = Draft(channel, "action", message_id, None, [])
    try:
        for rule in mapping.fields:
            _fill(draft, rule, reading, zone, lenient=mapping.lenient)
        if (
            mapping.lenient
            and draft.name is None
            and isinstance(document.get("type"), str)
            and draft.type != document["type"]
        ):
            draft.name = document.pop("type")
        for rule in mapping.groups:
            _gather(draft, rule, reading)
    except _UnfitError as error:
        return error.fault
    for path in reading.taken:
        take_out(document, path)
    for name, value in document.items():
        _put(draft, draft.properties, name, value)
    return draft


def _put(draft: Draft, members: dict[str, Any], name: str, value: object) -> None:
    """Add a member; where another value has the name already, this one goes to `context.unmapped`: nothing is lost."""
    if value is None or value == "" or members.get(name) == value:
        return
    if name in members:
        members = draft.context.setdefault("unmapped", {})
    members[name] = value


def _fill(draft: Draft, rule: Rule, reading: _Reading, zone: tzinfo, *, lenient: bool) -> None:
    value, where = reading.first(rule)
    if value is None:
        return
    field = rule.target
    if field == "type" and lenient and not (isinstance(value, str) and value in _TYPES):
        reading.taken.pop()  # the vendor's word: the name, where there is none, else a property
        return
    fitted = _fit(field, value, where, zone)
    if fitted is not None:
        setattr(draft, field, fitted)


def _name_by_type(draft: Draft, document: dict[str, Any]) -> None:
    """A `type` that is none of ours is the vendor's name of the event (Standard Webhooks: `invoice.paid`)."""
    word = document.get("type")
    if draft.name is None and isinstance(word, str) and word.strip() and word not in _TYPES:
        draft.name = document.pop("type")


def _fit(field: str, value: object, where: str, zone: tzinfo) -> Any:  # noqa: ANN401  as the member's type is
    try:
        if field in TIMES:
            return moment(value, zone)
        return convert(field, value)
    except ValueError as error:
        reason = Reason.TIME_INVALID if field in TIMES else Reason.SCHEMA_INVALID
        raise _UnfitError(Fault(reason, f"{field}: {error}", where)) from None


def _gather(draft: Draft, rule: Rule, reading: _Reading) -> None:
    group, _, name = rule.target.partition(".")
    if group == "identifiers":
        for value, where in reading.every(rule):
            try:
                draft.identifiers += _pairs(name, value)
            except ValueError as error:
                raise _UnfitError(Fault(Reason.SCHEMA_INVALID, f"{rule.target}: {error}", where)) from None
        return
    value, where = reading.first(rule)
    if value is None:
        return
    members: dict[str, Any] = getattr(draft, group)
    if name:
        _put(draft, members, name, value)
    elif isinstance(value, dict):
        for key, below in value.items():
            _put(draft, members, key, below)
    else:
        raise _UnfitError(Fault(Reason.SCHEMA_INVALID, f"{group}: an object is expected", where))


def _pairs(kind: str, value: object) -> list[tuple[str, str]]:
    """(kind, value) pairs: of one kind, of an object by kind, or of one {kind, value}."""
    if kind:
        return [(kind, identity(value))]
    match value:
        case {"kind": named, "value": below, **rest} if not rest:
            return [(text(named), identity(below))]
        case dict():
            unfolded = ((key, one) for key, below in value.items() for one in _listed(below))
            return [(key, identity(one)) for key, one in unfolded if one is not None]
    raise ValueError("an object by kind, or a list of kind and value, is expected")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
