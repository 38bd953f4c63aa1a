"""The first query of ClickHouse's Go client (and of Grafana, which stands on it).

It asks for Native at its own protocol revision and goes on at the one that the answer names. chDB writes revision 0,
so the answer is made here and names that. Source: clickhouse-go, conn_http.go.
"""

import re
from collections.abc import Mapping
from typing import Final

from throughline.gateway.statement import Statement

_QUESTION: Final = re.compile(
    r"\s*SELECT\s+displayName\(\)\s*,\s*version\(\)\s*,\s*revision\(\)\s*,\s*timezone\(\)\s*", re.IGNORECASE
)
_CUSTOM_SERIALIZATION: Final = 54454  # the first revision in which a column says how it is written


def greets(options: Mapping[str, str], statement: Statement, format_: str) -> bool:
    """Whether it is that query."""
    revision = options.get("client_protocol_version", "0")
    if format_ != "Native" or not revision.isdecimal() or int(revision) < _CUSTOM_SERIALIZATION:
        return False
    return _QUESTION.fullmatch(statement.sql) is not None


def greeting(name: str, version: str, zone: str) -> bytes:
    """One block of one row in Native, at a revision that has block headers and a serialization mark for each column."""
    columns = (
        ("displayName()", "String", _text(name)),
        ("version()", "String", _text(version)),
        ("revision()", "UInt32", bytes(4)),
        ("timezone()", "String", _text(zone)),
    )
    head = b"\x01\x00\x02\xff\xff\xff\xff\x00" + bytes([len(columns), 1])  # block info, columns, rows
    return head + b"".join(_text(column) + _text(type_) + b"\x00" + value for column, type_, value in columns)


def _text(value: str) -> bytes:
    data = value.encode()[:127]  # a length of one byte
    return bytes([len(data)]) + data
