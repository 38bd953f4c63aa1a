"""What a statement may not do here, beyond what the engine itself refuses.

The engine holds the grants of engine.py: no table function and hardly an engine may reach files, addresses or programs.
What is not under its grants is refused here: the scalar function `file`, the client's side of INTO OUTFILE and FROM
INFILE, and a few engines.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from throughline.gateway.lexer import Kind, Token
from throughline.gateway.refusal import RefusedError
from throughline.gateway.statement import READING, Statement

_READER: Final = READING - {"CHECK"}
_NAMES: Final = frozenset({b"file", b"executable", b"executablepool", b"embeddedrocksdb", b"datalakecatalog"})


def check(statement: Statement, parameters: Mapping[str, str]) -> None:
    """Refuse what nobody may do.

    Raises:
        RefusedError: the statement would read or write files of the machine.
    """
    for token in statement.tokens:
        if token.word in ("OUTFILE", "INFILE"):
            raise _denied(f"{token.word} is refused: files stay on the client's side")
    for name in _names(statement.tokens):
        if b"\\" in name:
            raise _denied("An escape in a quoted identifier is refused")
        if name.lower() in _NAMES:
            said = name.decode()
            raise _denied(f"The name {said} is refused; a column of that name is read as table.{said}")
    for parameter in _identifiers(statement.tokens):
        if _named(parameters.get(parameter, "")) in _NAMES:
            raise _denied(f"The value of the identifier {parameter} is refused")


def check_reader(statement: Statement) -> None:
    """Refuse what the user `reader` may not do.

    Raises:
        RefusedError: anything but reading.
    """
    if statement.verb not in _READER:
        raise RefusedError(164, "READONLY", "reader: Cannot execute query in readonly mode.")


def check_get(statement: Statement) -> None:
    """Refuse what a GET may not do: links and images must not change anything.

    Raises:
        RefusedError: anything but reading.
    """
    if statement.verb not in READING:
        text = "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. "
        raise RefusedError(164, "READONLY", text + "You should use method POST for modifying queries.")


def _names(seen: Sequence[Token]) -> Iterator[bytes]:
    """Identifiers that could name a function: not those after a dot or before one."""
    for at, token in enumerate(seen):
        if token.kind is Kind.WORD or token.kind is Kind.QUOTED:
            before = seen[at - 1].text if at else b""
            after = seen[at + 1].text if at + 1 < len(seen) else b""
            if b"." not in (before, after):
                yield token.text if token.kind is Kind.WORD else _unquoted(token.text)


def _named(value: str) -> bytes:
    """A parameter's value as an identifier would have it; one with an escape counts as `file`."""
    return b"file" if "\\" in value else value.strip().lower().encode()


def _unquoted(text: bytes) -> bytes:
    return text[3:-3] if text.startswith(b"\xe2") else text[1:-1]


def _identifiers(seen: Sequence[Token]) -> Iterator[str]:
    """The parameters that stand for identifiers: {name:Identifier}."""
    for at in range(1, len(seen) - 1):
        if seen[at].text == b":" and seen[at + 1].word == "IDENTIFIER":
            yield seen[at - 1].text.decode()


def _denied(text: str) -> RefusedError:
    return RefusedError(497, "ACCESS_DENIED", f"Not enough privileges. {text}.")
