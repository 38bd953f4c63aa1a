"""Single fields of Segment's messages: times, ids, external ids, money. What cannot be read is None or empty."""

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from schemas.interaction import FIRST_YEAR, LAST_YEAR, MAX_NUMBER, MAX_VALUE

_BEGIN: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
_END: Final = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNPADDED: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?=[Tt ]|$)", re.ASCII)
_MILLISECONDS_FROM: Final = 1e11  # as seconds this is the year 5138, as milliseconds 1973
_EXACT: Final = 2**53  # above it JSON numbers of many senders are rounded: two customers would share an id
_DEVICE_KINDS: Final = frozenset(  # Segment's default external ids of a device, and their everyday names
    {"android_id", "android_idfa", "android_push_token", "ios_id", "ios_idfa", "ios_push_token"}
    | {"idfa", "idfv", "gaid", "aaid", "advertising_id"}
)
_BOUNDARY: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def time_of(value: object) -> datetime | None:
    """A time as senders write it: ISO 8601 (UTC where it names no zone), or a number of seconds or milliseconds.

    Answers aware times of the years that an interaction may have.
    """
    if isinstance(value, str):
        time = _iso(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        time = _epoch(value)
    else:
        return None
    if time is None or not _BEGIN <= time < _END:
        return None
    return time


def _iso(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        padded = _UNPADDED.sub(lambda day: f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}", text, count=1)
        if padded == text:  # Segment's own pages hold times as 2015-2-02T00:30:08.276Z
            return None
        return _iso(padded)
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _epoch(number: float) -> datetime | None:
    try:
        seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def id_of(value: object) -> str | None:
    """An id as trimmed text; whole numbers count as their digits. Empty where there is none, None where it is no id."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else None


def handle_of(value: object) -> str:
    """A value that may serve as an identifier beside the ids proper; empty where it cannot."""
    text = id_of(value) or ""
    return text if len(text) <= MAX_VALUE else ""


def email_of(value: object) -> str:
    """An e-mail address, or nothing: a trait that holds `n/a` must not tie customers together."""
    text = handle_of(value)
    return text if "@" in text else ""


def phone_of(value: object) -> str:
    """A phone number as it was written, or nothing where it has no digit."""
    text = handle_of(value)
    return text if any(map(str.isdigit, text)) else ""


def external_ids(values: object) -> list[tuple[str, str]]:
    """(kind, value) of `context.externalIds`; those of accounts and encoded ones name no customer.

    Form: [{"id", "type", "collection", "encoding"}], Segment's page "Identity Resolution ExternalIDs".
    """
    found: list[tuple[str, str]] = []
    if not isinstance(values, list):
        return found
    for each in values:
        if not isinstance(each, dict) or not isinstance(each.get("type"), str):
            continue
        if each.get("collection", "users") not in ("users", "user") or each.get("encoding") not in ("none", None):
            continue
        kind, value = kind_of(each["type"][:64]), handle_of(each.get("id"))
        if kind and value:
            found.append((kind, value))
    return found


@lru_cache(maxsize=1024)
def kind_of(name: str) -> str:
    """An external id's type as a kind of identifier, `ios.idfa` as `device_id`; empty where it has no letter."""
    snake = re.sub(r"[^a-z0-9]+", "_", _BOUNDARY.sub("_", name).lower()).strip("_")
    if not re.search("[a-z]", snake):
        return ""
    kind = (snake if snake[0].isalpha() else f"id_{snake}")[:64]
    return "device_id" if kind in _DEVICE_KINDS else kind


def amount_of(value: object) -> float | None:
    """A number, or a text that holds nothing but one; within what an interaction may hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) and abs(amount) <= MAX_NUMBER else None


def currency_of(value: object) -> str | None:
    """An ISO 4217 code, in capitals."""
    if isinstance(value, str) and re.fullmatch("[A-Za-z]{3}", value):
        return value.upper()
    return None


def object_of(value: object) -> dict[str, Any]:
    """The object, or an empty one where there is none (PHP writes an empty object as [])."""
    return value if isinstance(value, dict) else {}
