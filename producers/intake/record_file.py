"""A file as batches of records, from a place in it: plain, packed (.gz) or stdin. All reading blocks."""

import csv
import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import orjson

from producers.adapters.csv import CsvConfig
from producers.contract import SourceConfig
from producers.intake.framing import Record, UnreadableFileError, cells, columns_of, is_blank, lines, rows

STDIN: Final = Path("-")
BATCH: Final = 1000  # records
BATCH_BYTES: Final = 1 << 20

_Bytes = BinaryIO | BufferedReader | gzip.GzipFile


class RecordFile:
    """An open file.

    Attributes:
        headers: what every record's delivery carries: for CSV `x-columns`, the header row as JSON.
        total: bytes on the disk; None where nobody knows.
    """

    def __init__(self, path: Path, config: SourceConfig, offset: int = 0, line: int = 1) -> None:
        """Open `path` and go to `offset`, where line number `line` begins.

        Raises:
            UnreadableFileError: it cannot be opened, or its header row is none.
        """
        self.headers: dict[str, str] = {}
        self.total: int | None = None
        self._path = path
        self._close = ExitStack()
        try:
            with ExitStack() as undo:
                undo.callback(self._close.close)
                self._raw, stream = self._open()
                self._records = self._frame(stream, config, offset, line)
                undo.pop_all()
        except OSError as error:
            raise UnreadableFileError(f"{path}: {error.strerror or error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close.close()

    def done(self) -> int:
        """Bytes on the disk that have been read."""
        return self._raw.tell() if self.total is not None else 0

    def batch(self) -> list[Record]:
        """The next records, blank ones left out; none at the end.

        Raises:
            UnreadableFileError: the disk fails, or the packed file is damaged.
        """
        batch: list[Record] = []
        size = 0
        try:
            for record in self._records:
                batch.append(record)
                size += len(record.body)
                if len(batch) >= BATCH or size >= BATCH_BYTES:
                    break
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnreadableFileError(f"{self._path}: the packed file is damaged or cut short: {error}") from None
        except OSError as error:
            raise UnreadableFileError(f"{self._path}: {error.strerror or error}") from None
        return batch

    def _open(self) -> tuple[_Bytes, _Bytes]:
        """The file as it lies on the disk, and as it reads."""
        if self._path == STDIN:
            return sys.stdin.buffer, sys.stdin.buffer
        raw = self._close.enter_context(self._path.open("rb"))
        self.total = self._path.stat().st_size if self._path.is_file() else None
        if self._path.suffix == ".gz":
            return raw, self._close.enter_context(gzip.GzipFile(fileobj=raw, mode="rb"))
        return raw, raw

    def _frame(self, stream: _Bytes, config: SourceConfig, offset: int, line: int) -> Iterator[Record]:
        physical = lines(stream)
        if not isinstance(config, CsvConfig):
            if offset:
                stream.seek(offset)
                physical = lines(stream, line, offset)
            return (record for record in physical if not is_blank(record))
        delimiter, encoding = config.delimiter, config.encoding
        header = next((record for record in rows(physical, delimiter, lambda _: True) if not is_blank(record)), None)
        columns = columns_of(header, delimiter, encoding)
        self.headers["x-columns"] = orjson.dumps(columns).decode()
        if offset:
            stream.seek(offset)
            physical = lines(stream, line, offset)

        def fits(body: bytes) -> bool:
            try:
                found = cells(body, delimiter, encoding)
            except (UnicodeDecodeError, csv.Error):
                return False
            return len(found) == 1 and len(found[0]) == len(columns)

        return (record for record in rows(physical, delimiter, fits) if not is_blank(record))
