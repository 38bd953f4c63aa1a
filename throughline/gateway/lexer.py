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
    rb"""(?P<STRING>'(?:[^'\\]++|\\.|'')*+'|\xe2\x80\x98.*?\xe2\x80\x99|(?P<here>\$\w*\$).*?(?P=here))
    |(?P<QUOTED>"(?:[^"\\]++|\\.|"")*+"|`(?:[^`\\]++|\\.|``)*+`|\xe2\x80\x9c.*?\xe2\x80\x9d)
    |(?P<NUMBER>[0-9][0-9A-Za-z_]*)
    |(?P<WORD>[A-Za-z_$][0-9A-Za-z_$]*)""",
    re.DOTALL | re.VERBOSE,
)
_OPENING: Final = (b"'", b'"', b"`", b"\xe2\x80\x98", b"\xe2\x80\x9c")


def tokens(text: bytes, *, complete: bool) -> Iterator[Token]:
    """The tokens of `text`, one by one.

    `complete`: nothing follows; an unclosed quote or comment then makes one token of the rest, and the engine says what
    is wrong with it. Otherwise it raises UnfinishedError where more bytes are needed to tell.
    """
    at = 0
    while (at := _skip(text, at, complete=complete)) < len(text):
        token = _token(text, at, complete=complete)
        if token.end == len(text) and token.kind is not Kind.MARK and not complete:
            raise UnfinishedError
        yield token
        at = token.end
    if not complete:
        raise UnfinishedError


def _token(text: bytes, at: int, *, complete: bool) -> Token:
    if match := _TOKEN.match(text, at):
        return Token(Kind[str(match.lastgroup)], match[0], at, match.end())
    if text.startswith(_OPENING, at):
        return _unfinished(text, at, complete=complete)
    return Token(Kind.MARK, text[at : at + 1], at, at + 1)


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
