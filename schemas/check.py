"""The fast check of an interaction's bytes: the same verdict as `schemas.interaction`, at 1.5 us an event.

`msgspec` decodes straight into a Struct; open objects stay raw bytes. Where it refuses, the pydantic model is asked
why, so that people read one kind of message.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from string import hexdigits
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
import orjson
from msgspec import Meta
from pydantic import ValidationError

from schemas.fates import Fault, Reason
from schemas.identifiers import PRIORITIES
from schemas.ids import fingerprint
from schemas.interaction import (
    FIRST_YEAR,
    LAST_YEAR,
    MAX_IDENTIFIERS,
    MAX_NUMBER,
    MAX_SHORT,
    MAX_VALUE,
    NAME,
    Channel,
    Direction,
    Interaction,
    Type,
)

_Short = Annotated[str, Meta(min_length=1, max_length=MAX_SHORT)]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_Number = Annotated[float, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]
_Time = Annotated[datetime, Meta(tz=True)]
EMPTY: Final = msgspec.Raw(b"{}")


class CheckedIdentifier(msgspec.Struct, gc=False, frozen=True, forbid_unknown_fields=True):
    """An identifier, as `schemas.interaction.Identifier`."""

    kind: _Name
    value: Annotated[str, Meta(min_length=1, max_length=MAX_VALUE)]


class Checked(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An interaction that passed; fields as in `schemas.interaction.Interaction`, open objects as raw JSON."""

    schema: Literal[1]
    event_id: UUID
    tenant: _Name
    source: _Name
    adapter: _Name
    channel: Channel
    type: Type
    occurred_at: _Time
    received_at: _Time
    identifiers: Annotated[list[CheckedIdentifier], Meta(min_length=1, max_length=MAX_IDENTIFIERS)]
    fingerprint: Annotated[str, Meta(min_length=16, max_length=16)] | None = None
    message_id: _Short | None = None
    name: _Short | None = None
    sent_at: _Time | None = None
    direction: Direction | None = None
    traits: msgspec.Raw = EMPTY
    conversation: _Short | None = None
    agent: _Short | None = None
    text: str | None = None
    amount: _Number | None = None
    currency: Annotated[str, Meta(min_length=3, max_length=3)] | None = None
    score: _Number | None = None
    score_scale: _Number | None = None
    duration_s: Annotated[float, Meta(ge=0, le=MAX_NUMBER)] | None = None
    properties: msgspec.Raw = EMPTY
    context: msgspec.Raw = EMPTY
    replay_of: UUID | None = None


_decode: Final = msgspec.json.Decoder(Checked).decode
_BRACE: Final = ord("{")
_REASONS: Final = {
    "schema": Reason.SCHEMA_UNKNOWN,
    "identifiers": Reason.IDENTIFIER_MISSING,
    "occurred_at": Reason.TIME_INVALID,
    "received_at": Reason.TIME_INVALID,
    "sent_at": Reason.TIME_INVALID,
}


def check(value: bytes) -> Checked | Fault:
    """The checked interaction, or what is wrong with it."""
    try:
        value.decode()  # msgspec skips over raw members without decoding them
        event = _decode(value)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return explain(value)
    return event if _is_sound(event, value) else explain(value)


def check_all(values: Sequence[bytes]) -> list[Checked | Fault]:
    """Check a run at once; a run that holds a bad event is checked one by one."""
    try:
        if not b"".join(values).isascii():
            for value in values:  # not joined: a character cut in two must not be healed by its neighbour
                value.decode()
        events = list(map(_decode, values))
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return [check(value) for value in values]
    return [event if _is_sound(event, value) else explain(value) for event, value in zip(events, values, strict=True)]


@lru_cache(maxsize=4096)
def _is_name(text: str) -> bool:
    return re.fullmatch(NAME.strip("^$"), text, re.ASCII) is not None


@lru_cache(maxsize=4096)
def _are_names(tenant: str, source: str, adapter: str) -> bool:
    return _is_name(tenant) and _is_name(source) and _is_name(adapter)


def _is_time(time: datetime) -> bool:
    return time.tzinfo is UTC and FIRST_YEAR <= time.year <= LAST_YEAR


def _is_object(raw: msgspec.Raw) -> bool:
    return raw is EMPTY or memoryview(raw)[0] == _BRACE


def _is_sound(event: Checked, value: bytes) -> bool:
    """What a Struct cannot say cheaply: years, character sets, that raw members are objects, a missing fingerprint."""
    if event.fingerprint is None:
        try:
            fingerprint(orjson.loads(value))  # raw members hold what msgspec does not look at: 1e999, 300 levels
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            return False
    elif event.fingerprint.strip(hexdigits):  # something is left: a sixth faster than an expression
        return False
    for identifier in event.identifiers:
        if identifier.kind not in PRIORITIES and not _is_name(identifier.kind):
            return False
    return (
        _is_time(event.occurred_at)
        and _is_time(event.received_at)
        and (event.sent_at is None or _is_time(event.sent_at))
        and _is_object(event.properties)
        and _is_object(event.context)
        and _is_object(event.traits)
        and _are_names(event.tenant, event.source, event.adapter)
    )


def explain(value: bytes) -> Fault:
    """Why these bytes are no interaction: the first error of the model, and its place."""
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return Fault(Reason.NOT_JSON, f"not JSON in UTF-8: {error}")
    if not isinstance(document, dict):
        return Fault(Reason.NOT_JSON, f"a JSON object is expected, not {type(document).__name__}")
    try:
        Interaction.model_validate_json(value)
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        reason = _REASONS.get(field, Reason.SCHEMA_INVALID)
        if field == "identifiers" and document.get("identifiers"):
            reason = Reason.SCHEMA_INVALID
        return Fault(reason, first["msg"], path_of(first["loc"]))
    return Fault(
        Reason.SCHEMA_INVALID,
        "a number, a name or an open object is not in the form that schema 1 asks for, or is nested too deep",
    )


def path_of(location: Sequence[int | str]) -> str:
    """A pydantic location as a path: `identifiers[0].value`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
