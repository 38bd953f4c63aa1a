"""What commands print: a table for people, one JSON object a line for programs."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]
WIDTH = 160  # of a table that goes to a file or a pipe


def console() -> Console:
    """Where tables go: as wide as the terminal, or wide enough where there is none."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def print_rows(rows: Iterable[Row], columns: Sequence[str], *, as_json: bool, title: str | None = None) -> int:
    """Print rows; returns how many there were."""
    if as_json:
        return print_json(rows)
    table = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
        count += 1
    console().print(table)
    return count


def print_record(row: Row, *, as_json: bool) -> None:
    """Print one row: for people, a line for each of its members."""
    if as_json:
        print_json([row])
    else:
        print_rows(({"": name, "value": value} for name, value in row.items()), ["", "value"], as_json=False)


def print_json(rows: Iterable[Row]) -> int:
    """One JSON object a line; returns how many there were."""
    count = 0
    for row in rows:
        click.echo(orjson.dumps(dict(row), default=str, option=orjson.OPT_NON_STR_KEYS).decode())
        count += 1
    return count


def cell(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode() if value else ""
    if isinstance(value, list | tuple):
        return ", ".join(cell(part) for part in value)
    return str(value)
