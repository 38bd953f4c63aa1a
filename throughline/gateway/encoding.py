"""HTTP's content encodings, in pieces, both ways: gzip, deflate, zstd and LZ4 frames, as clients of ClickHouse use."""

import sys
import zlib
from collections.abc import Callable
from typing import Final, Protocol

import lz4.frame

from throughline.gateway.refusal import RefusedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd  # clickhouse-connect brings it

__all__ = ["Decoder", "Encoder", "chosen", "decoder", "encoder", "zstd"]


class Decoder(Protocol):
    """Bytes in, unpacked bytes out."""

    def feed(self, data: bytes) -> bytes:
        """What can be unpacked so far."""

    def end(self) -> bytes:
        """What was kept back; raises RefusedError where the data is cut off."""


class Encoder(Protocol):
    """Bytes in, packed bytes out."""

    def feed(self, data: bytes) -> bytes:
        """What is ready to send."""

    def end(self) -> bytes:
        """The rest."""


class _Unpacker(Protocol):
    """One member (a gzip member, a frame), as zlib, zstd and lz4 all unpack it."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _zlib() -> _Unpacker:
    return zlib.decompressobj(wbits=47)  # gzip or zlib, by the header


class _Decoder:
    """One or more members of one encoding, one after another."""

    def __init__(self, make: Callable[[], _Unpacker]) -> None:
        self._make = make
        self._inner = make()
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        out: list[bytes] = []
        while data:
            if self._inner.eof:
                self._inner = self._make()
            self._begun = True
            try:
                out.append(self._inner.decompress(data))
            except (zlib.error, zstd.ZstdError, RuntimeError, EOFError) as error:
                raise RefusedError(271, "CANNOT_DECOMPRESS", f"The body cannot be decompressed: {error}") from None
            data = (self._inner.unused_data or b"") if self._inner.eof else b""
        return b"".join(out)

    def end(self) -> bytes:
        if self._begun and not self._inner.eof:
            raise RefusedError(33, "CANNOT_READ_ALL_DATA", "The compressed body is cut off")
        return b""


class _Plain:
    """No encoding."""

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""


_DECODERS: Final[dict[str, Callable[[], _Unpacker]]] = {
    "gzip": _zlib,
    "x-gzip": _zlib,
    "deflate": _zlib,
    "zstd": zstd.ZstdDecompressor,
    "lz4": lz4.frame.LZ4FrameDecompressor,
}


def decoder(name: str) -> Decoder:
    """The decoder of a request's Content-Encoding; empty and identity pass through.

    Raises:
        RefusedError: it is not known here.
    """
    name = name.strip().lower()
    if name in ("", "identity"):
        return _Plain()
    if name not in _DECODERS:
        raise RefusedError(
            89, "UNKNOWN_COMPRESSION_METHOD", f"Content-Encoding {name}: gzip, deflate, zstd and lz4 are read"
        )
    return _Decoder(_DECODERS[name])


class _ZlibEncoder:
    def __init__(self, wbits: int) -> None:
        self._inner = zlib.compressobj(level=3, wbits=wbits)

    def feed(self, data: bytes) -> bytes:
        return self._inner.compress(data)

    def end(self) -> bytes:
        return self._inner.flush()


class _ZstdEncoder:
    def __init__(self) -> None:
        self._inner = zstd.ZstdCompressor(level=1)

    def feed(self, data: bytes) -> bytes:
        packed: bytes = self._inner.compress(data)
        return packed

    def end(self) -> bytes:
        rest: bytes = self._inner.flush()
        return rest


class _Lz4Encoder:
    def __init__(self) -> None:
        self._inner = lz4.frame.LZ4FrameCompressor()
        self._head: bytes = self._inner.begin()

    def feed(self, data: bytes) -> bytes:
        packed: bytes = self._head + self._inner.compress(data)
        self._head = b""
        return packed

    def end(self) -> bytes:
        rest: bytes = self._head + self._inner.flush()
        return rest


_ENCODERS: Final[dict[str, Callable[[], Encoder]]] = {
    "zstd": _ZstdEncoder,
    "lz4": _Lz4Encoder,
    "gzip": lambda: _ZlibEncoder(31),
    "deflate": lambda: _ZlibEncoder(15),
}


def chosen(accepted: str) -> str:
    """The best encoding that an Accept-Encoding allows and we have; empty for none."""
    offers = {}
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        offers[name.strip()] = quality.replace(" ", "") not in ("q=0", "q=0.0")
    return next((name for name in _ENCODERS if offers.get(name)), "")


def encoder(name: str) -> Encoder:
    """The encoder of a name that `chosen` gave."""
    return _ENCODERS[name]() if name else _Plain()
