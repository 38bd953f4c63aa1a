"""Durations, sizes and addresses, as a configuration writes them: 24h, 4MiB, 127.0.0.1:8080."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, ByteSize

_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES: Final = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10}


def _duration(value: object) -> object:
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", value.strip())):
        return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    if isinstance(value, timedelta):
        return value
    msg = "a duration is expected, as 500ms, 10s, 5m, 24h or 32d"
    raise ValueError(msg)


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  the highest port
        msg = "an address is expected, as 127.0.0.1:8080"
        raise ValueError(msg)
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Listen = Annotated[str, AfterValidator(_listen)]


def as_written(value: object) -> str:
    """A value in the form in which a configuration takes it."""
    if isinstance(value, timedelta):
        milliseconds = round(value.total_seconds() * 1000)
        unit = next((u for u in ("d", "h", "m", "s") if _is_whole(milliseconds, round(_SECONDS[u] * 1000))), "ms")
        return f"{round(milliseconds / (_SECONDS[unit] * 1000))}{unit}"
    if isinstance(value, ByteSize):
        found = next(((size, unit) for unit, size in _BYTES.items() if value and value % size == 0), (1, ""))
        return f"{value // found[0]}{found[1]}"
    return str(value)


def _is_whole(amount: int, unit: int) -> bool:
    """Whether it is several whole units: 24h reads better than 1d."""
    return amount > unit and amount % unit == 0
