"""One statement a request: what it does, how its result or its data is encoded, where its data begins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from throughline.gateway.lexer import Kind, Token, UnfinishedError, tokens
from throughline.gateway.refusal import RefusedError

READING: Final = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "SET", "USE", "CHECK"})
SHORT: Final = 4096  # bytes of a text whose statement is kept: clients send the same ones, with other parameters
DEEPER: Final = {b"(": 1, b"[": 1, b"{": 1, b")": -1, b"]": -1, b"}": -1}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement.

    Attributes:
        verb: its first word in capitals; SELECT for one that begins with a bracket; empty for an empty text.
        sql: its text, without data and without what follows a semicolon; for an INSERT with data, without `FORMAT x`.
        format: what its FORMAT says, `Values` for VALUES, None where it says nothing.
        data: where the data of an INSERT begins in the text; None for a statement without any.
        tokens: of `sql`.
    """

    verb: str
    sql: str
    format: str | None
    data: int | None
    tokens: Sequence[Token]

    @property
    def streams(self) -> bool:
        """Whether it has rows that can be read block by block."""
        return self.verb in ("SELECT", "WITH") and not any(token.word == "INSERT" for token in self.tokens)

    @property
    def selects(self) -> bool:
        """Whether it has a SELECT: an INSERT with data then reads it through input()."""
        return _selects(self.tokens)


def read(text: bytes, *, complete: bool) -> Statement | None:
    """The statement at the beginning of a request; None when more of the request is needed to tell.

    `complete`: `text` is the whole request.

    Raises:
        RefusedError: more than one statement, or text that is not UTF-8.
    """
    if complete and len(text) <= SHORT:
        return _kept(text)
    try:
        return _read(text, tokens(text, complete=complete))
    except UnfinishedError:
        return None


@lru_cache(maxsize=64)
def _kept(text: bytes) -> Statement:
    return _read(text, tokens(text, complete=True))


def _read(text: bytes, stream: Iterator[Token]) -> Statement:
    seen: list[Token] = []
    depth = 0
    for token in stream:
        if token.kind is Kind.MARK:
            if token.text == b";" and depth <= 0:
                return _last(text, seen, stream)
            depth += DEEPER.get(token.text, 0)
        if depth == 0 and _verb(seen) == "INSERT":
            insert = _insert(text, seen, token)
            if insert is not None:
                return insert
        seen.append(token)
    return _whole(text, seen, len(text))


def _insert(text: bytes, seen: list[Token], token: Token) -> Statement | None:
    """An INSERT whose data begins here: after VALUES, or after FORMAT and its name, which is `token`."""
    last = len(seen) - 1
    if seen[last].word == "FORMAT" and not _is_name(seen, last) and token.kind in (Kind.WORD, Kind.QUOTED):
        name = token.text.strip(b'`"').decode()
        return _with_data(text, seen[:last], seen[last], name, _past_name(text, token.end))
    if token.word == "VALUES" and not _is_name([*seen, token], last + 1) and not _selects(seen):
        return _with_data(text, seen, token, "Values", token.end)
    return None


def _is_name(seen: Sequence[Token], at: int) -> bool:
    """Whether the token there is the table's name, which may be any word."""
    before = seen[at - 1]
    return before.word in ("INTO", "TABLE", "FUNCTION") or (before.kind is Kind.MARK and before.text == b".")


def _selects(seen: Sequence[Token]) -> bool:
    return any(token.word in ("SELECT", "WITH") for token in seen)


def _past_name(text: bytes, at: int) -> int:
    """The data begins after blanks and one line break, as ClickHouse's ParserInsertQuery has it."""
    if text[at : at + 1] == b";":
        raise RefusedError(62, "SYNTAX_ERROR", "You have excessive ';' symbol before data for INSERT.")
    while text[at : at + 1] in (b" ", b"\t", b"\f") and at < len(text):
        at += 1
    at += text[at : at + 1] == b"\r"
    return at + (text[at : at + 1] == b"\n")


def _with_data(text: bytes, seen: list[Token], stop: Token, name: str, data: int) -> Statement:
    return Statement("INSERT", _text(text[: stop.start]), name, data, tuple(seen))


def _last(text: bytes, seen: list[Token], rest: Iterator[Token]) -> Statement:
    """What stands before a semicolon, if nothing but semicolons follows it."""
    end = seen[-1].end if seen else 0
    if any(token.text != b";" for token in rest):
        raise RefusedError(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
    return _whole(text, seen, end)


def _whole(text: bytes, seen: list[Token], end: int) -> Statement:
    return Statement(_verb(seen), _text(text[:end]), _format(seen), None, tuple(seen))


def _verb(seen: Sequence[Token]) -> str:
    first = next((token for token in seen if token.text != b"("), None)
    return first.word if first else ""


def _format(seen: Sequence[Token]) -> str | None:
    """The FORMAT at the end, before SETTINGS at most."""
    depth = 0
    for at in range(len(seen) - 2, 0, -1):
        depth += DEEPER.get(seen[at + 1].text, 0) if seen[at + 1].kind is Kind.MARK else 0
        if seen[at].word == "FORMAT" and depth == 0 and seen[at + 1].kind is Kind.WORD:
            follows = seen[at + 2].word if at + 2 < len(seen) else "SETTINGS"
            return seen[at + 1].text.decode() if follows == "SETTINGS" else None
    return None


def _text(sql: bytes) -> str:
    try:
        return sql.decode()
    except UnicodeDecodeError:
        raise RefusedError(62, "SYNTAX_ERROR", "The statement is not UTF-8") from None
