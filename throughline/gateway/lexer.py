"""The tokens of a ClickHouse statement, read from bytes and only as far as they are asked for.

Follows ClickHouse's own lexer (src/Parsers/Lexer.cpp), because what is a string or a comment here must be one in the
engine: nested comments, `//` and `# ` comments, here documents, typographic quotes. It works on bytes since the data
of an INSERT, in any encoding, may follow the statement directly.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    QUOTED = auto()  # an identifier in quotes
    STRING = auto()
    NUMBER = auto()
    MARK = auto()  # one byte of punctuation


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its place: text[start:end]."""

    kind: Kind
    text: bytes
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in capitals, as keywords are compared; empty for all else."""
        return self.text.decode().upper() if self.kind is Kind.WORD else ""


class UnfinishedError(Exception):
    """The text ends inside a token, or where the next byte could still change the last one."""


_SPACE: Final = re.compile(rb"(?:[ \t\n\r\f\v\0]|\xc2\xa0|\xe2\x80[\x80-\x8b\xa8\xa9\xaf]|\xe3\x80\x80|\xef\xbb\xbf)+")
_LINE_COMMENT: Final = re.compile(rb"(?:--|//|#[ !])[^\n]*")
_COMMENT_EDGE: Final = re.compile(rb"/\*|\*/")
_TOKEN: Final = re.compile(
    rb"""(?P<STRING>[xX]'[0-9A-Fa-f]*'|[bB]'[01]*'|'(?:[^'\\]++|\\.|'')*+'
        |\xe2\x80\x98.*?\xe2\x80\x99|(?P<here>\$[0-9A-Za-z_]*\$).*?(?P=here))
    |(?P<QUOTED>"(?:[^"\\]++|\\.|"")*+"|`(?:[^`\\]++|\\.|``)*+`|\xe2\x80\x9c.*?\xe2\x80\x9d)
    |(?P<WORD>[A-Za-z_][0-9A-Za-z_$]*|\$[0-9A-Za-z_][0-9A-Za-z_$]*)
    |(?P<MARK>\\G)""",
    re.DOTALL | re.VERBOSE,
)
_DIGITS: Final = rb"[0-9](?:_?[0-9])*"
_HEX: Final = rb"[0-9A-Fa-f](?:_?[0-9A-Fa-f])*"
_POWER: Final = rb"(?=.)(?:[+-](?=.))?(?:%b)?" % _DIGITS  # a sign that something follows belongs to the number
_NUMBER: Final = re.compile(
    rb"(?:0[xX]%(hex)b(?:\.(?:%(hex)b)?)?(?:[pP]%(power)b)?"
    rb"|(?:0[bB](?=[01]))?%(digits)b(?:\.(?:%(digits)b)?)?(?:[eE]%(power)b)?)"
    rb"(?P<word>[0-9A-Za-z_]*)" % {b"hex": _HEX, b"digits": _DIGITS, b"power": _POWER},
    re.DOTALL,
)
_FRACTION: Final = re.compile(rb"\.%b(?:[eE]%b)?" % (_DIGITS, _POWER), re.DOTALL)
_FIRST_FRACTION: Final = re.compile(rb"\.(?:%b)?(?:[eE]%b)?" % (_DIGITS, _POWER), re.DOTALL)  # at the very beginning
_MEMBER: Final = re.compile(rb"%b(?P<word>[0-9A-Za-z_]*)" % _DIGITS)  # after a dot: x.1.2 has two numbers
_OWNS_DOT: Final = (Kind.WORD, Kind.QUOTED, Kind.NUMBER)
_MAYBE: Final = re.compile(rb"\$[0-9A-Za-z_]*\$|[xXbB]'")  # a string, if its end is still to come; else a word
_OPENING: Final = (b"'", b'"', b"`", b"\xe2\x80\x98", b"\xe2\x80\x9c")


def tokens(text: bytes, *, complete: bool) -> Iterator[Token]:
    """The tokens of `text`, one by one.

    `complete`: nothing follows; an unclosed quote or comment then makes one token of the rest, and the engine says what
    is wrong with it. Otherwise it raises UnfinishedError where more bytes are needed to tell.
    """
    at, before = 0, None
    while (at := _skip(text, at, complete=complete)) < len(text):
        token = _number(text, at, before) or _token(text, at, complete=complete)
        if token.end == len(text) and token.kind is not Kind.MARK and not complete:
            raise UnfinishedError
        yield token
        at, before = token.end, token
    if not complete:
        raise UnfinishedError


def _token(text: bytes, at: int, *, complete: bool) -> Token:
    if match := _TOKEN.match(text, at):
        return Token(Kind[str(match.lastgroup)], match[0], at, match.end())
    if text.startswith(_OPENING, at) or (not complete and _MAYBE.match(text, at)):
        return _unfinished(text, at, complete=complete)
    return Token(Kind.MARK, text[at : at + 1], at, at + 1)


def _number(text: bytes, at: int, before: Token | None) -> Token | None:
    """A number. What it takes with it decides whether a comment or a word begins after it."""
    if text.startswith(b".", at):
        if before is not None and (before.kind in _OWNS_DOT or before.text in (b")", b"]")):
            return None
        match = (_FRACTION if at else _FIRST_FRACTION).match(text, at)
        return Token(Kind.NUMBER, match[0], at, match.end()) if match else None
    after_dot = before is not None and before.text == b"." and before.kind is Kind.MARK
    match = (_MEMBER if after_dot else _NUMBER).match(text, at)
    if match is None:
        return None
    kind = Kind.WORD if match["word"] and b"." not in match[0] else Kind.NUMBER  # 1st is a word, 1.5th is an error
    return Token(kind, match[0], at, match.end())


def _skip(text: bytes, at: int, *, complete: bool) -> int:
    """Past spaces and comments."""
    while at < len(text):
        if match := _SPACE.match(text, at) or _LINE_COMMENT.match(text, at):
            at = match.end()
        elif text.startswith(b"/*", at):
            at = _past_comment(text, at, complete=complete)
        else:
            break
    return at


def _past_comment(text: bytes, at: int, *, complete: bool) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, at):
        depth += 1 if edge[0] == b"/*" else -1
        if depth == 0:
            return edge.end()
    return _unfinished(text, at, complete=complete).end


def _unfinished(text: bytes, at: int, *, complete: bool) -> Token:
    if not complete:
        raise UnfinishedError
    return Token(Kind.STRING, text[at:], at, len(text))
