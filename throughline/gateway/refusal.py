"""Errors as ClickHouse sends them: a code, a name, a text, and the HTTP status that a server gives to the code."""

import re
from typing import Final

STD_EXCEPTION: Final = 1001
_CODE: Final = re.compile(r"Code: (\d+)\.")
_PREFIX: Final = re.compile(r"\A(?:Streaming query failed: )?(?:Code: \d+\. DB::Exception: (?=Code: ))*")
# where the gateway had the rows of an INSERT, which is nothing to its client
_FILE: Final = re.compile(r" ?\(in file/uri /dev/fd/\d+\):?|: data for INSERT was parsed from file")
_BAD: Final = (
    6,
    8,
    15,
    25,
    26,
    27,
    36,
    37,
    38,
    41,
    44,
    53,
    62,
    72,
    117,
    123,
    167,
    168,
    223,
    321,
    376,
    427,
    441,
    675,
    676,
)
_UNKNOWN: Final = (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511)
# src/Server/HTTP/exceptionCodeToHTTPStatus.cpp of ClickHouse; every other code is 500
_STATUS: Final = {
    **dict.fromkeys(_BAD, 400),
    194: 401,
    **dict.fromkeys((192, 193, 497, 512, 516), 403),
    **dict.fromkeys(_UNKNOWN, 404),
    159: 408,
    229: 413,
    779: 415,
    48: 501,
    **dict.fromkeys((76, 209, 439), 503),
}


class RefusedError(Exception):
    """A request that is answered with an error of ClickHouse's form; raised here, not by the engine."""

    def __init__(self, code: int, name: str, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text} ({name})")
        self.code = code
        self.name = name


def told(error: Exception) -> tuple[int, str]:
    """The code and the text of an error, ours or the engine's; STD_EXCEPTION for what has none."""
    if isinstance(error, RefusedError):
        return error.code, str(error)
    text = _FILE.sub("", _PREFIX.sub("", str(error)))
    found = _CODE.match(text)
    if found:
        return int(found[1]), text
    return STD_EXCEPTION, f"Code: {STD_EXCEPTION}. DB::Exception: {text} (STD_EXCEPTION)"


def status(code: int) -> int:
    """The HTTP status that belongs to a code of ClickHouse."""
    return _STATUS.get(code, 500)
