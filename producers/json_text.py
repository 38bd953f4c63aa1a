"""JSON as senders write it: characters cut in two are mended, and what was read is written at any depth.

Source: RFC 8259, section 8.2, on escapes of lone surrogates: JavaScript's `JSON.stringify` writes them where a text was
cut within an emoji, and strict parsers refuse the whole document for one of them.
"""

import re
from typing import Final

import orjson

_HALF: Final = re.compile(  # an escape of a surrogate that has no partner; an even number of backslashes is not ours
    rb"(?<!\\)((?:\\\\)*)\\u(?:"
    rb"[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F][0-9a-fA-F]{2})"
)


def read(raw: bytes) -> object:
    """The value of a JSON document in UTF-8; half a character (a lone surrogate) is read as U+FFFD.

    Raises:
        orjson.JSONDecodeError: it is not JSON, or nested more than 1,024 levels deep.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        mended = mend(raw)
        if mended is raw:
            raise
        return orjson.loads(mended)


def mend(raw: bytes) -> bytes:
    """The same text with U+FFFD for each escape of a lone surrogate; the same object where there is none."""
    mended, count = _HALF.subn(rb"\1\\ufffd", raw)
    return mended if count else raw


def write(value: object) -> bytes:
    """A value as JSON, however deep: `orjson` reads 1,024 levels and writes 254. Never raises.

    A leaf that JSON does not have, as a number over 64 bits or half a character, is written as text that shows it.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return b"".join(_pieces(value))


def _pieces(value: object) -> list[bytes]:
    pieces: list[bytes] = []
    todo = [value]  # bytes among them are pieces that are done: no value of JSON is bytes
    while todo:
        match todo.pop():
            case bytes(piece):
                pieces.append(piece)
            case dict(members):
                inner = [(_leaf(str(name)) + b":", member) for name, member in members.items()]
                todo += [b"}", *_reversed(inner), b"{"]
            case list(items) | tuple(items):
                todo += [b"]", *_reversed([(b"", item) for item in items]), b"["]
            case leaf:
                pieces.append(_leaf(leaf))
    return pieces


def _reversed(inner: list[tuple[bytes, object]]) -> list[object]:
    """Names and values with commas between them, last first: `todo` is read from its end."""
    told: list[object] = []
    for name, value in reversed(inner):
        told += [value, name, b","]
    return told[:-1]


def _leaf(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        shown = value if isinstance(value, str) else repr(value)
        return orjson.dumps(shown.encode(errors="backslashreplace").decode())
