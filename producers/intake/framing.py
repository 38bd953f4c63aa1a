"""Records of a file as bytes, with their line numbers and offsets: lines, and CSV rows with quoted newlines.

Nothing is decoded here. A quote that is never closed costs its own line only: what would run on to a row that does not
fit the header is taken apart again at its first line.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final, Protocol

LONGEST: Final = 4 << 20  # bytes of a record; the rest of a longer line is passed over
BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = b"\r\n"


class Reads(Protocol):
    """What is needed of a file: lines, at most so many bytes at once."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its newline, or its first `limit` bytes; empty at the end."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file.

    Attributes:
        line: the number of its first line, from 1.
        body: its bytes, with the newline.
        end: the offset after it.
        next_line: the number of the line after it.
        too_long: it has more than LONGEST bytes, and `body` is only their beginning.
    """

    line: int
    body: bytes
    end: int
    next_line: int
    too_long: bool = False


class UnreadableFileError(Exception):
    """The file cannot be imported at all; the message says what to do."""


def lines(file: Reads, line: int = 1, offset: int = 0) -> Iterator[Record]:
    """Every line, blank ones too. `file` stands at `offset`, the begin of line number `line`."""
    while body := file.readline(LONGEST + 1):
        offset += len(body)
        too_long = len(body) > LONGEST
        rest = body
        while too_long and rest and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST)
            offset += len(rest)
        if line == 1:
            body = body.removeprefix(BOM)
        line += 1
        yield Record(line - 1, body, offset, line, too_long)


def is_blank(record: Record) -> bool:
    """Whether nothing stands in it."""
    return not record.body.strip(_BLANK)


def rows(physical: Iterator[Record], delimiter: str, fits: Callable[[bytes], bool]) -> Iterator[Record]:
    """The CSV records of lines (RFC 4180): one goes on while a quote is open. `fits`: whether several lines are one."""
    waiting: deque[Record] = deque()
    while first := _next(waiting, physical):
        taken = [first]
        size, inside = len(first.body), _ends_inside(first.body, delimiter.encode(), inside=False)
        while inside and size <= LONGEST and (more := _next(waiting, physical)):
            taken.append(more)
            size += len(more.body)
            inside = _ends_inside(more.body, delimiter.encode(), inside=True)
        body = b"".join(record.body for record in taken)
        if len(taken) > 1 and (inside or not fits(body)):
            waiting.extendleft(reversed(taken[1:]))
            yield first
        else:
            yield Record(first.line, body, taken[-1].end, taken[-1].next_line, any(one.too_long for one in taken))


def _next(waiting: deque[Record], physical: Iterator[Record]) -> Record | None:
    return waiting.popleft() if waiting else next(physical, None)


def _ends_inside(line: bytes, delimiter: bytes, *, inside: bool) -> bool:
    """Whether a quoted cell is open at the line's end. A quote opens a cell only where the cell begins."""
    at = 0
    if not inside and line.startswith(b'"'):
        inside, at = True, 1
    while True:
        if inside:
            at = line.find(b'"', at)
            if at < 0:
                return True
            doubled = line[at + 1 : at + 2] == b'"'
            inside = doubled
            at += 2 if doubled else 1
        else:
            at = line.find(delimiter + b'"', at)
            if at < 0:
                return False
            inside = True
            at += 2


def columns_of(header: Record | None, delimiter: str, encoding: str) -> list[str]:
    """The columns that the header row names.

    Raises:
        UnreadableFileError: there is none, it is not in this encoding, or two columns have one name.
    """
    if header is None:
        raise UnreadableFileError("the file is empty: a header row is expected")
    try:
        found = cells(header.body, delimiter, encoding)
    except UnicodeDecodeError:
        raise UnreadableFileError(f"the header row is not {encoding}: set `encoding`, as cp1252") from None
    except csv.Error as error:
        raise UnreadableFileError(f"the header row is not CSV: {error}") from None
    columns = [column.strip() for column in found[0]] if len(found) == 1 else []
    if not columns or "" in columns:
        raise UnreadableFileError("the header row must name every column, and lines must end with a newline")
    if doubled := {column for column in columns if columns.count(column) > 1}:
        raise UnreadableFileError(f"the header row names {min(doubled)!r} twice: one of them would be lost")
    if len(columns) == 1 and (others := [mark for mark in ",;\t|" if mark in columns[0]]):
        raise UnreadableFileError(f"the header row has one column: set `delimiter`, perhaps to {others[0]!r}")
    return columns


def cells(body: bytes, delimiter: str, encoding: str) -> list[list[str]]:
    """The rows of some bytes.

    Raises:
        UnicodeDecodeError, csv.Error: they are none.
    """
    return list(csv.reader(StringIO(body.decode(encoding), newline=""), delimiter=delimiter, strict=True))
