"""Bodies of requests: read within a bound of bytes and time, and unpacked within the same bound."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

Receive = Callable[[], Awaitable[Mapping[str, Any]]]  # ASGI's; Any as in its own specification

READ_S: Final = 30.0  # for the whole of a body
MEMORY: Final = 64 << 20  # bytes of bodies that are held at the same time
_DRAIN_S: Final = 2.0  # for the rest of a body that is refused: who is cut off while sending never sees the answer
_GZIP: Final = 31  # zlib's window bits: the largest window, with gzip's header
_ZLIB: Final = 15
_RAW: Final = -15

Wrong = Literal["too_large", "too_slow", "gone", "no_memory", "encoding_unknown", "encoding_wrong"]


@dataclass(frozen=True, slots=True)
class Unread:
    """Why there is no body."""

    why: Wrong


class Memory:
    """A bound on the bytes of all bodies that are held at the same time."""

    def __init__(self, limit: int = MEMORY) -> None:
        self._left = limit

    def take(self, size: int) -> bool:
        """Whether there is room for so many bytes."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give(self, size: int) -> None:
        """So many bytes are free again."""
        self._left += size


class Body:
    """One request's body. A context manager: its memory is free again at the end."""

    def __init__(self, receive: Receive, headers: Mapping[str, str], limit: int, memory: Memory) -> None:
        self._receive = receive
        self._headers = headers
        self._limit = limit
        self._memory = memory
        self._taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.give(self._taken)

    async def read(self) -> bytes | Unread:
        """The body, unpacked. Never raises on any bytes."""
        announced = self._headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limit:
            return await self._refuse()
        try:
            async with asyncio.timeout(READ_S):
                packed = await self._gather()
        except TimeoutError:
            return Unread("too_slow")
        if isinstance(packed, Unread):
            return await self._refuse() if packed.why == "too_large" else packed
        encoding = self._headers.get("content-encoding", "").strip().lower()
        if not encoding or encoding == "identity" or not packed:
            return packed
        unpacked = unpack(encoding, packed, self._limit)
        if isinstance(unpacked, bytes) and not self._take(len(unpacked)):
            return Unread("no_memory")
        return unpacked

    async def _gather(self) -> bytes | Unread:
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return Unread("gone")
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._limit:
                return Unread("too_large")
            if not self._take(len(chunk)):
                return Unread("no_memory")
            chunks.append(chunk)
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _take(self, size: int) -> bool:
        if not self._memory.take(size):
            return False
        self._taken += size
        return True

    async def _refuse(self) -> Unread:
        """Let a client finish that sends without listening, for a bounded time."""
        if "expect" not in self._headers:
            try:
                async with asyncio.timeout(_DRAIN_S):
                    while (message := await self._receive())["type"] == "http.request" and message.get("more_body"):
                        pass
            except TimeoutError:
                pass
        return Unread("too_large")


def unpack(encoding: str, packed: bytes, limit: int) -> bytes | Unread:
    """The content of a body in gzip (RFC 1952) or deflate (RFC 1950, and RFC 1951 as some clients send it).

    Stops at `limit` bytes, however small the body is packed. A body may hold several gzip members, as RFC 1952 allows.
    """
    if encoding in ("gzip", "x-gzip"):
        bits = _GZIP
    elif encoding == "deflate":
        bits = _ZLIB if _has_zlib_header(packed) else _RAW
    else:
        return Unread("encoding_unknown")
    unpacked = bytearray()
    while packed:
        decoder = zlib.decompressobj(bits)
        try:
            unpacked += decoder.decompress(packed, limit + 1 - len(unpacked))
        except zlib.error:
            return Unread("encoding_wrong")
        if len(unpacked) > limit:
            return Unread("too_large")
        if not decoder.eof:
            return Unread("encoding_wrong")  # it ends before its end
        packed = decoder.unused_data
    return bytes(unpacked)


def _has_zlib_header(packed: bytes) -> bool:
    return len(packed) > 1 and packed[0] & 0x0F == 8 and (packed[0] << 8 | packed[1]) % 31 == 0  # noqa: PLR2004  RFC 1950
