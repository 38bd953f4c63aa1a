"""Values of JSON and CSV as the interaction's members want them: text, ids, numbers, times.

Each function gives the value or raises ValueError with a message for people. It never quotes the value.
"""

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DATE: Final = re.compile(r"(19|20)\d{6}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW: Final = 1e11  # as seconds the year 5138, as milliseconds March 1973
_MILLISECONDS_BELOW: Final = 1e14
_MICROSECONDS_BELOW: Final = 1e17
TIME_RULE: Final = "RFC 3339, or seconds, milliseconds or microseconds since 1970"


def text(value: object) -> str:
    """Text as it came; numbers and booleans in JSON's form."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise ValueError(f"text is expected, not {_kind(value)}")


def identity(value: object) -> str:
    """An id: text or an integer. JSON numbers that have lost digits are refused rather than taken wrong."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    what = "a number with a fraction or over 64 bits; send it as text" if isinstance(value, float) else _kind(value)
    raise ValueError(f"an id is expected, not {what}")


def number(value: object) -> float:
    """A finite number; text such as `12.50` will do. A decimal comma will not: it cannot be told from thousands."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise ValueError("a number is expected, as 12.50" if isinstance(value, str) else f"no number, but {_kind(value)}")


def moment(value: object, zone: tzinfo) -> datetime:
    """A time: RFC 3339; without an offset it is one of `zone`; a date alone, 20260131 too, is its midnight.

    Numbers, and text of digits, count from 1970 in UTC: seconds below 1e11, milliseconds below 1e14, microseconds below
    1e17, above that nanoseconds.
    """
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value) or _DATE.fullmatch(value):
            return _written(value, zone)
    try:
        return _counted(number(value))
    except (ValueError, OverflowError):
        raise ValueError(f"no time: {TIME_RULE} is expected") from None


def _written(value: str, zone: tzinfo) -> datetime:
    try:
        time = datetime.fromisoformat(re.sub(" ?(UTC|GMT)$", "+00:00", value.upper()))
    except ValueError:
        raise ValueError(f"no time: {TIME_RULE} is expected") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=zone)


def _counted(count: float) -> datetime:
    size = abs(count)
    scale = 1e9
    if size < _SECONDS_BELOW:
        scale = 1
    elif size < _MILLISECONDS_BELOW:
        scale = 1e3
    elif size < _MICROSECONDS_BELOW:
        scale = 1e6
    return _EPOCH + timedelta(seconds=count / scale)


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", bool: "true or false", float: "a number out of range"}.get(
        type(value), type(value).__name__
    )
