"""The data of an INSERT, as a file without a name that the engine reads: so it tells of every error.

Of an INSERT that takes its data in pieces, chDB tells what it cannot parse, and nothing of what fails afterwards: no
room on the disk, too many parts, a constraint, a view. The rows are gone, and it says that they were written.
"""

import os
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from throughline.gateway.asked import identifier, literal
from throughline.gateway.lexer import Kind
from throughline.gateway.refusal import RefusedError
from throughline.gateway.statement import DEEPER, Statement

MEMORY: Final = 32 << 20  # bytes that are held in memory; what is more goes to the disk


class Rows:
    """The data of one INSERT; nothing is left of it when it is closed, nor when this process dies."""

    def __init__(self, folder: Path, free_disk: int) -> None:
        """`folder`: where much data goes, as long as `free_disk` bytes stay free there."""
        self._folder = folder
        self._free_disk = free_disk
        self._file: BinaryIO = os.fdopen(os.memfd_create("rows"), "w+b", buffering=0)
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def path(self) -> str:
        """Where this process can read it, until it is closed."""
        return f"/dev/fd/{self._file.fileno()}"

    def add(self, piece: bytes) -> None:
        """Hold some more; blocks for what goes to the disk.

        Raises:
            RefusedError: the disk has no room for it.
        """
        try:
            if self._size + len(piece) > MEMORY:
                self._to_disk(len(piece))
            left = memoryview(piece)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise _no_room(error.strerror or "") from None
        self._size += len(piece)

    def _to_disk(self, more: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < self._free_disk + more:
            raise _no_room(f"{free} bytes are free, {self._free_disk} must stay so")
        if self._size <= MEMORY:
            file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115  closed with the rows
            self._file.seek(0)
            shutil.copyfileobj(self._file, file)
            self._file.close()
            self._file = file


def _no_room(why: str) -> RefusedError:
    text = f"The rows of an INSERT of more than {MEMORY} bytes find no room on the disk: {why}"
    return RefusedError(243, "NOT_ENOUGH_SPACE", text)


def from_file(insert: Statement, path: str) -> str:
    """The INSERT, reading its data from a file of this process; ClickHouse has FROM INFILE before SETTINGS."""
    sql = insert.sql.encode()
    at = _settings(insert) or len(sql)
    format_ = identifier(insert.format or "")
    return f"{sql[:at].decode()} FROM INFILE {literal(path)}\n{sql[at:].decode()}\nFORMAT {format_}"


def _settings(insert: Statement) -> int | None:
    """Where its SETTINGS begin: the word, neither in brackets nor a table's name."""
    depth = 0
    for before, token in pairwise(insert.tokens):
        depth += DEEPER.get(token.text, 0) if token.kind is Kind.MARK else 0
        named = before.word in ("INSERT", "INTO", "TABLE", "FUNCTION") or before.text == b"."
        if token.word == "SETTINGS" and depth == 0 and not named:
            return token.start
    return None
