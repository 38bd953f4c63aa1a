"""Header fields as text, addresses and message ids (RFC 5322, 2047, 6532). Never raises; linear in their size."""

import binascii
import re
from collections.abc import Iterator
from email.message import Message
from email.utils import getaddresses
from itertools import islice
from typing import Final, TypeAlias

from producers.dialects.mail.charsets import decoded, from_parser, sound
from schemas.interaction import MAX_SHORT

Mail: TypeAlias = "Message[str, str]"  # of the policy compat32, whose values are text
Address = tuple[str, str]  # display name, address

_LONGEST: Final = 64 << 10  # characters of a field that are read
_MOST_FIELDS: Final = 2_000  # that are read
_MOST_VALUES: Final = 5  # of one name that are handed over
_WORD: Final = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_ID: Final = re.compile(r"<[^<>\s]+>")
_NOT_IN_ADDRESSES: Final = re.compile(r"[\s<>,;()]+")


def parts_of(part: Mail) -> list[Mail]:
    """The parts within a part; none within a leaf."""
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


class Headers:
    """The fields of a message or of a part; names in any case."""

    def __init__(self, message: Mail) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in islice(message.raw_items(), _MOST_FIELDS):
            raw = from_parser(str(value)[:_LONGEST])
            self._fields.setdefault(name.lower(), []).append(re.sub(r"[\r\n\x00]+", "", raw))

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def raw(self, name: str) -> str:
        """The first field of this name, unfolded, or nothing."""
        return self._fields.get(name, [""])[0].strip()

    def text(self, name: str) -> str:
        """The first field of this name, its encoded words decoded, on one line."""
        return words(self.raw(name))

    def addresses(self, name: str) -> list[Address]:
        """The mailboxes of all fields of this name, as far as they are read."""
        return _mailboxes(", ".join(self._fields.get(name, []))[:_LONGEST])

    def ids(self, name: str) -> list[str]:
        """Message ids, as they came, with their angle brackets where they have them; over-long ones left out."""
        raw = self.raw(name)
        found = _ID.findall(raw) or raw.replace("<>", " ").split()
        return [one for one in found if len(one) <= MAX_SHORT]

    def items(self, longest: int) -> Iterator[tuple[str, list[str]]]:
        """Each name, in lower case, with its first values as text, each of at most `longest` characters."""
        for name, values in self._fields.items():
            yield sound(name), [words(value[: 4 * longest])[:longest] for value in values[:_MOST_VALUES]]


def words(text: str) -> str:
    """Text with its encoded words (RFC 2047) decoded, white space made single."""
    pieces: list[tuple[bytes, str | None]] = []  # adjacent words of one charset are one: characters are cut in two
    at = 0
    for match in _WORD.finditer(text):
        data = _word_bytes(match[2], match[3])
        if data is None:
            continue
        between = text[at : match.start()]
        if between.strip() or not pieces or pieces[-1][1] is None:
            pieces.append((between.encode(errors="replace"), None))
        if pieces and pieces[-1][1] == match[1].lower():
            pieces[-1] = (pieces[-1][0] + data, match[1].lower())
        else:
            pieces.append((data, match[1].lower()))
        at = match.end()
    pieces.append((text[at:].encode(errors="replace"), None))
    return " ".join("".join(decoded(data, charset) for data, charset in pieces).split())


def _word_bytes(encoding: str, text: str) -> bytes | None:
    try:
        if encoding in "qQ":
            return binascii.a2b_qp(text.encode(errors="replace"), header=True)
        return binascii.a2b_base64(text.encode(errors="replace").rstrip(b"=") + b"==")
    except binascii.Error:  # one character too many or too few: no encoded word
        return None


def _mailboxes(value: str) -> list[Address]:
    try:
        pairs = getaddresses([value])
    except (RecursionError, ValueError, IndexError):  # nested comments, groups without an end
        pairs = []
    found = [(words(name), address) for name, address in pairs if is_address(address)]
    return found or [("", part) for part in _NOT_IN_ADDRESSES.split(words(value)) if is_address(part)][:1]


def is_address(text: str) -> bool:
    """Whether it has the form of a mailbox's address: something before and after an @, and no delimiters."""
    return text.find("@", 1, -1) > 0 and not _NOT_IN_ADDRESSES.search(text)
