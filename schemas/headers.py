"""Headers as they may be kept: of what authenticates, only the name stays."""

import re
from collections.abc import Iterable
from typing import Final

MASKED: Final = "(kept out)"
INSTEAD_OF: Final = "instead-of"  # of a raw record: the position of the one whose place it takes, as Position.text
_SECRET: Final = re.compile(
    r"authorization|cookie|signature|secret|password|token|api-?_?key|access-?_?key|write-?_?key|hmac|csrf|credential"
)
_HARMLESS: Final = frozenset({"i-twilio-idempotency-token"})  # tells retries apart and opens nothing


def masked(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names and values, with secrets left out and as UTF-8 can hold them."""
    return [
        (plain(name), MASKED if _SECRET.search(name.lower()) and name not in _HARMLESS else plain(value))
        for name, value in pairs
    ]


def plain(text: str) -> str:
    """Text that UTF-8 can hold: bytes that were no characters (lone surrogates) are spelled out."""
    return text.encode(errors="backslashreplace").decode()
