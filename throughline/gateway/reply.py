"""The answer: its status and headers as a ClickHouse server gives them, its body packed as the client asked."""

import json
import secrets
import time
from collections.abc import Mapping
from typing import Final

from throughline.gateway import blocks
from throughline.gateway.body import Send
from throughline.gateway.encoding import chosen, encoder
from throughline.gateway.engine import Block
from throughline.gateway.refusal import status, told

_TYPES: Final = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "JSONCompactEachRow": "application/x-ndjson; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "XML": "application/xml; charset=UTF-8",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "RowBinaryWithNamesAndTypes": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "Parquet": "application/octet-stream",
}
_COUNTS: Final = (
    "read_rows",
    "read_bytes",
    "written_rows",
    "written_bytes",
    "total_rows_to_read",
    "result_rows",
    "result_bytes",
)

Headers = dict[str, str]


class Reply:
    """One answer, begun once and ended once."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        """`headers` are on every answer, an error's too."""
        self._send = send
        self._headers = dict(headers)
        self._encoder = encoder("")
        self._blocks = False
        self._tag = secrets.token_hex(8)
        self.begun = False

    def pack(self, accepted: str, *, native: bool) -> None:
        """How a result goes out: in ClickHouse's own blocks, else by an encoding that the client accepts."""
        self._blocks = native
        name = "" if native else chosen(accepted)
        if name:
            self._encoder = encoder(name)
            self._headers["Content-Encoding"] = name

    async def whole(self, body: bytes, headers: Mapping[str, str]) -> None:
        """All of a result at once."""
        packed = self._packed(body) + self._encoder.end()
        await self._begin(200, {**headers, "Content-Length": str(len(packed))})
        await self._send({"type": "http.response.body", "body": packed})

    async def begin(self, headers: Mapping[str, str]) -> None:
        """The head of a result that follows in pieces."""
        await self._begin(200, {**headers, "X-ClickHouse-Exception-Tag": self._tag})

    async def piece(self, body: bytes) -> None:
        """A piece of it; returns when the connection can take more."""
        await self._send({"type": "http.response.body", "body": self._packed(body), "more_body": True})

    async def end(self) -> None:
        """The end of it."""
        await self._send({"type": "http.response.body", "body": self._encoder.end()})

    async def error(self, error: Exception, version: str, *, head: bool = False) -> None:
        """An error; nothing of a result may have been sent."""
        code, text = told(error)
        body = (text if "(version " in text else f"{text} (version {version})").encode() + b"\n"
        self._headers.pop("Content-Encoding", None)
        extra = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-ClickHouse-Exception-Code": str(code),
            "Content-Length": str(len(body)),
        }
        if code == 194:  # noqa: PLR2004  REQUIRED_PASSWORD: a browser may ask its user
            extra["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        await self._begin(status(code), extra)
        await self._send({"type": "http.response.body", "body": b"" if head else body})

    async def broken(self, error: Exception, version: str) -> None:
        """An error in the middle of a result, told at its end, which stays open: nobody may take it for whole.

        The form is ClickHouse's since 25.11: the tag stands in a header, so that no data can be mistaken for it.
        """
        _, text = told(error)
        body = f"{text} (version {version})\n".encode()
        frame = f"\r\n__exception__\r\n{self._tag}\r\n".encode() + body
        await self.piece(frame + f"{len(body)} {self._tag}\r\n__exception__\r\n".encode())
        await self._send({"type": "http.response.body", "body": self._encoder.end(), "more_body": True})

    async def text(self, code: int, body: str) -> None:
        """A plain text, as /ping gives it."""
        data = body.encode()
        await self._begin(code, {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": str(len(data))})
        await self._send({"type": "http.response.body", "body": data})

    def _packed(self, body: bytes) -> bytes:
        return self._encoder.feed(blocks.packed(body) if self._blocks else body)

    async def _begin(self, code: int, extra: Mapping[str, str]) -> None:
        self.begun = True
        headers = {**self._headers, **extra}
        pairs = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": code, "headers": pairs})


def content_type(format_: str) -> str:
    """The media type of a format of ClickHouse."""
    return _TYPES.get(format_, "text/plain; charset=UTF-8" if "Binary" not in format_ else "application/octet-stream")


def summary(began_ns: int, counts: Mapping[str, int]) -> str:
    """The value of X-ClickHouse-Summary; all numbers are strings there."""
    said = dict.fromkeys(_COUNTS, 0) | dict(counts)
    return json.dumps(
        {**{name: str(value) for name, value in said.items()}, "elapsed_ns": str(time.perf_counter_ns() - began_ns)}
    )


def result_counts(*parts: Block) -> dict[str, int]:
    """What a statement read and gave, over its blocks."""
    return {
        "read_rows": sum(part.storage_rows_read() for part in parts),
        "read_bytes": sum(part.storage_bytes_read() for part in parts),
        "written_rows": sum(part.rows_written() for part in parts),
        "written_bytes": sum(part.bytes_written() for part in parts),
        "result_rows": sum(part.rows_read() for part in parts),
        "result_bytes": sum(part.bytes_read() for part in parts),
    }
