"""Reading JSON that others wrote: values are taken out of an object with their type checked; what is left is kept.

A value of the wrong type raises `ItemError`, which `drafted` turns into a `Bad` around each item of a batch: one
bad item is rejected alone.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import orjson

from producers import json_text
from producers.contract import Bad, Draft
from schemas.fates import Fault, Reason
from schemas.ids import uuid_of
from schemas.interaction import Open

_MILLISECONDS: Final = 10**11  # Unix times from here on are milliseconds: as seconds it is the year 5138
_LONGEST: Final = 15  # digits of a Unix time; more overflow a timedelta
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ItemError(Exception):
    """An item that is no interaction. `path` is below the item."""

    def __init__(self, detail: str, path: str = "", reason: Reason = Reason.UNDECODABLE) -> None:
        super().__init__(detail)
        self.detail, self.path, self.reason = detail, path, reason


def loaded(body: bytes) -> object:
    """The JSON value of a body; a `Bad` of it where it is none."""
    try:
        return json_text.read(body)
    except orjson.JSONDecodeError as error:
        return Bad(Fault(Reason.NOT_JSON, f"not JSON in UTF-8: {error}"), body)


def drafted(read: Callable[[], Draft], path: str, alone: object) -> Draft | Bad:
    """What `read` makes of an item, or why it cannot.

    Args:
        read: makes the draft.
        path: the item's place in the delivery.
        alone: a delivery that holds this item only: kept whole, and decodable again.
    """
    try:
        draft = read()
    except ItemError as error:
        place = ".".join(part for part in (path, error.path) if part)
        fault = Fault(error.reason, error.detail, place)
    except orjson.JSONEncodeError as error:
        fault = Fault(Reason.UNDECODABLE, f"cannot be written again: {error}", path)
    else:
        draft.alone = partial(json_text.write, alone)
        return draft
    return Bad(fault, json_text.write(alone))


def take_part(holder: Open, name: str) -> Open:
    """An object, as a copy; empty where it is absent or null."""
    value = holder.pop(name, None)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ItemError(f"an object is expected, not {type(value).__name__}", name)
    return dict(value)


def take_word(holder: Open, name: str) -> str | None:
    """An id or a word; whole numbers become text, as ids come in both forms. None where it is absent, null or empty."""
    value = holder.pop(name, None)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ItemError(f"a text or a whole number is expected, not {type(value).__name__}", name)
    return str(value)


def take_text(holder: Open, *names: str) -> str | None:
    """The first of these members that is a text with something in it; left where it is when it is none."""
    for name in names:
        if isinstance(holder.get(name), str) and holder[name]:
            return str(holder.pop(name))
    return None


def take_texts(holder: Open, *names: str) -> Open:
    """Those of these members that are texts with something in them."""
    return {name: text for name in names if (text := take_text(holder, name))}


def take_time(holder: Open, name: str) -> datetime | None:
    """A Unix time, in seconds or milliseconds, as a number or its digits; None where it is absent, null or empty."""
    value = take_word(holder, name)
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= _LONGEST):
        raise ItemError("a Unix time is expected, in seconds or milliseconds", name, Reason.TIME_INVALID)
    number = int(value)
    try:
        return _BEGIN + timedelta(milliseconds=number if number >= _MILLISECONDS else number * 1000)
    except OverflowError:
        raise ItemError("a time after the year 9999", name, Reason.TIME_INVALID) from None


def digest(value: object) -> str:
    """An id made of a JSON value; the order of members does not matter."""
    return str(uuid_of("json", orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()))
