"""External tables: files of a form become temporary tables of the request's connection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from throughline.gateway.asked import identifier, literal
from throughline.gateway.engine import Connection
from throughline.gateway.refusal import RefusedError
from throughline.gateway.rows import Rows


@dataclass(frozen=True, slots=True)
class External:
    """One table: its name, its columns as DDL has them, and its rows in a format."""

    name: str
    columns: str
    format: str
    data: bytes


def external(name: str, data: bytes, options: Mapping[str, str]) -> External:
    """The table that a file and its options `name_structure` or `name_types`, and `name_format`, describe.

    Raises:
        RefusedError: its columns are not given, or are more than columns.
    """
    columns = options.get(f"{name}_structure", "")
    if not columns and (types := options.get(f"{name}_types")):
        columns = ", ".join(f"_{at} {type_}" for at, type_ in enumerate(re.split(r",(?![^(]*\))", types), 1))
    if not columns:
        raise RefusedError(36, "BAD_ARGUMENTS", f"The external table {name} needs {name}_structure or {name}_types")
    if not re.fullmatch(r"[\w\s,()'`\".+/:-]+", columns):
        raise RefusedError(36, "BAD_ARGUMENTS", f"The structure of the external table {name} cannot be read")
    return External(name, columns, options.get(f"{name}_format", "TabSeparated"), data)


def load(connection: Connection, table: External, rows: Rows) -> None:
    """Make the table and fill it; blocking."""
    name, format_ = identifier(table.name), identifier(table.format)
    with rows:
        connection.query(f"CREATE OR REPLACE TEMPORARY TABLE {name} ({table.columns}) ENGINE = Memory", "Null")
        rows.add(table.data)
        connection.query(f"INSERT INTO {name} FROM INFILE {literal(rows.path)} FORMAT {format_}", "Null")
