"""Any channel by file: CSV (RFC 4180) with a header row, with a declarative mapping by column.

A delivery is one record: its bytes, which may hold quoted newlines, in the body; the columns' names as JSON in the
header `x-columns`. A column `traits.plan` is the member `plan` of `traits`. Empty cells are no values.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Annotated, Any, Final

import orjson
from pydantic import AfterValidator, Field

from producers.contract import Adapter, Bad, Delivery, Draft
from producers.dialects.mapped import MappedConfig, draft_of
from producers.dialects.mapping import GROUPS
from schemas.fates import Fault, Reason
from schemas.interaction import CHANNELS

_MARKS: Final = '",;|\t\r\n'


def _ascii_superset(encoding: str) -> str:
    """Records are told apart by bytes, so quotes and newlines must be those of ASCII."""
    try:
        fits = _MARKS.encode(encoding) == _MARKS.encode("ascii")
    except LookupError:
        raise ValueError(f"{encoding!r} is no encoding; write it as utf-8 or cp1252") from None
    if not fits:
        raise ValueError(f"{encoding} is no superset of ASCII; convert the file, as iconv -f {encoding} -t utf-8")
    return encoding


class CsvConfig(MappedConfig):
    """Keys of a CSV source."""

    delimiter: str = Field(",", pattern=r"^[,;|\t]$", description="between cells: , ; | or a tab")
    encoding: Annotated[str, AfterValidator(_ascii_superset)] = Field("utf-8", description="of the text, as cp1252")


class Csv(Adapter[CsvConfig]):
    """Records of a file that `throughline import` reads."""

    name = "csv"
    channels = frozenset(CHANNELS)
    intake = "file"
    Config = CsvConfig

    def verify(self, delivery: Delivery) -> None:
        """A file is as trustworthy as whoever runs the import on this machine."""

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """One interaction, or why there is none, with the line's number."""
        row = self._row(delivery)
        made = row if isinstance(row, Fault) else self._draft(row, delivery)
        if isinstance(made, Draft):
            yield made
            return
        line = f"line {delivery.headers.get('x-record', '?')}"
        yield Bad(Fault(made.reason, made.detail, ", ".join(filter(None, (line, made.path)))), delivery.body)

    def _row(self, delivery: Delivery) -> list[str] | Fault:
        try:
            text = delivery.body.decode(self.config.encoding)
            rows = list(csv.reader(StringIO(text, newline=""), delimiter=self.config.delimiter, strict=True))
        except UnicodeDecodeError as error:
            return Fault(Reason.UNDECODABLE, f"not {self.config.encoding} at byte {error.start}: set `encoding`")
        except csv.Error as error:
            return Fault(Reason.UNDECODABLE, f"not CSV: {error}")
        if len(rows) != 1:
            return Fault(Reason.UNDECODABLE, f"one record is expected, not {len(rows)}")
        return rows[0]

    def _draft(self, row: list[str], delivery: Delivery) -> Draft | Fault:
        try:
            columns = orjson.loads(delivery.headers.get("x-columns", ""))
        except orjson.JSONDecodeError:
            columns = None
        if not isinstance(columns, list) or len(columns) != len(row):
            known = len(columns) if isinstance(columns, list) else "no"
            return Fault(Reason.UNDECODABLE, f"{len(row)} cells, but the header row names {known} columns")
        document = _document([str(column) for column in columns], row)
        return draft_of(document, self.config.map, self.config.channel, self.config.timezone)


def _document(columns: list[str], row: list[str]) -> dict[str, Any]:
    """The cells by column; columns as `identifiers.email` stand one level deeper."""
    document: dict[str, Any] = {}
    for column, cell in zip(columns, row, strict=True):
        group, dot, name = column.partition(".")
        if dot and group in GROUPS and group not in columns:
            document.setdefault(group, {})[name] = cell
        else:
            document[column] = cell
    return document
