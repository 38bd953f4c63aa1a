"""The structure of a mail, its fields and parts, by the standard library, within bounds of memory and time."""

import re
from email import message_from_bytes
from email.parser import BytesHeaderParser
from email.policy import Compat32
from itertools import islice
from typing import Final

from producers.dialects.mail.headers import Mail

_MOST_LINES: Final = 600_000  # the parser makes an object of each: 25 MiB of empty lines would take 2 GB
_MOST_MARKS: Final = 2_000  # lines that may begin a part, an object of 2 KB each
_MARK: Final = re.compile(rb"[\r\n]--(?=[^\s])")
_LONGEST: Final = 64 << 10  # characters of a field that are kept
_LONGEST_PARAMETERS: Final = 4 << 10  # of Content-Type and its like: reading parameters takes quadratic time


class UnreadableError(Exception):
    """The mail cannot be taken apart; the message says why."""


class _Bounded(Compat32):
    """The older header classes, with fields cut to what can be read in time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and value of a field."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[: _LONGEST_PARAMETERS if name[:8].lower() == "content-" else _LONGEST]


_POLICY: Final = _Bounded()


def parse(body: bytes) -> Mail:
    """A mail's structure.

    Raises:
        UnreadableError: more lines or parts than memory is set aside for, or the standard library fails on it.
    """
    lines = body.count(b"\n") + body.count(b"\r") - body.count(b"\r\n")
    if lines > _MOST_LINES or next(islice(_MARK.finditer(body), _MOST_MARKS, None), None):
        raise UnreadableError(f"more than {_MOST_LINES} lines or {_MOST_MARKS} parts: {lines} lines")
    try:
        mail: Mail = message_from_bytes(body, policy=_POLICY)
    except Exception as error:  # noqa: BLE001  broken parameters raise many kinds, and deep nesting RecursionError
        raise UnreadableError(f"no mail that can be taken apart: {type(error).__name__}: {error}"[:300]) from None
    return mail


def fields(block: bytes) -> Mail:
    """A block of header fields; what follows an empty line stays unread in its payload."""
    parsed: Mail = BytesHeaderParser(policy=_POLICY).parsebytes(block)
    return parsed
