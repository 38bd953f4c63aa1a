"""The fast check of an interaction's bytes: the same verdict as `schemas.interaction`, at a few us an event.

`msgspec` decodes straight into a Struct; what it cannot say is asked of a whole run at once, because a loop over one
column costs a third of a call for each event. Where either refuses, the run is halved until the events are found that
are refused, and the pydantic model is asked why, so that people read one kind of message.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from string import hexdigits
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
import orjson
from msgspec import Meta
from pydantic import ValidationError

from schemas.fates import Fault, Reason
from schemas.identified import Identified, identified
from schemas.ids import fingerprint
from schemas.interaction import (
    FIRST_YEAR,
    LAST_YEAR,
    MAX_NUMBER,
    MAX_SHORT,
    Channel,
    Direction,
    Interaction,
    Type,
    is_name,
)
from schemas.topics import MAX_INTERACTION

_Short = Annotated[str, Meta(min_length=1, max_length=MAX_SHORT)]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_Number = Annotated[float, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]
_Time = Annotated[datetime, Meta(tz=True)]
EMPTY: Final = msgspec.Raw(b"{}")


class _Object(msgspec.Struct, gc=False, frozen=True):
    """Any JSON object: nothing of it is kept."""


class Checked(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An interaction that passed; fields as in `schemas.interaction.Interaction`, some of them as raw JSON."""

    schema: Literal[1]
    event_id: UUID
    tenant: _Name
    source: _Name
    adapter: _Name
    channel: Channel
    type: Type
    occurred_at: _Time
    received_at: _Time
    identifiers: msgspec.Raw
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
    properties: _Object | msgspec.UnsetType = msgspec.UNSET
    context: _Object | msgspec.UnsetType = msgspec.UNSET
    replay_of: UUID | None = None


Passed = tuple[Checked, Identified]
_decode: Final = msgspec.json.Decoder(Checked).decode
_FIRST: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
_END: Final = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
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
    [found] = check_all([value])
    return found if isinstance(found, Fault) else found[0]


def check_all(values: Sequence[bytes]) -> list[Passed | Fault]:
    """Check a run at once."""
    if (passed := _passed(values)) is not None:
        return passed
    if len(values) == 1:
        return [explain(values[0])]
    middle = len(values) // 2
    return check_all(values[:middle]) + check_all(values[middle:])


def _passed(values: Sequence[bytes]) -> list[Passed | Fault] | None:
    """All of them; None: some are no interactions."""
    if max(map(len, values), default=0) > MAX_INTERACTION:
        return None
    try:
        if not b"".join(values).isascii():  # msgspec skips over raw members without decoding them
            for value in values:  # not joined: a character cut in two must not be healed by its neighbour
                value.decode()
        events = list(map(_decode, values))
        passed: list[Passed | Fault] = [(event, identified(event.identifiers)) for event in events]
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None
    return passed if _are_sound(events, values) else None


def _are_sound(events: Sequence[Checked], values: Sequence[bytes]) -> bool:
    """What a Struct cannot say cheaply: years, character sets, that traits are an object, a missing fingerprint."""
    times = [event.occurred_at for event in events]
    times += [event.received_at for event in events]
    times += [event.sent_at for event in events if event.sent_at is not None]
    marks = [event.fingerprint for event in events]
    return (
        not [time for time in times if time.tzinfo is not UTC]
        and (not times or (min(times) >= _FIRST and max(times) < _END))
        and not "".join(filter(None, marks)).strip(hexdigits)
        and all(map(is_name, set(chain.from_iterable((one.tenant, one.source, one.adapter) for one in events))))
        and not [one for one in events if one.traits is not EMPTY and memoryview(one.traits)[0] != _BRACE]
        and (
            None not in marks
            or all(_has_fingerprint(value) for value, mark in zip(values, marks, strict=True) if not mark)
        )
    )


def _has_fingerprint(value: bytes) -> bool:
    """Whether one can be made: raw members hold what msgspec does not look at, 1e999 or 300 levels."""
    try:
        fingerprint(orjson.loads(value))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False
    return True


def explain(value: bytes) -> Fault:
    """Why these bytes are no interaction: the first error of the model, and its place."""
    if len(value) > MAX_INTERACTION:
        return Fault(Reason.TOO_LARGE, f"{len(value)} bytes, an interaction has {MAX_INTERACTION} at most")
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
