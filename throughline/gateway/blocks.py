"""ClickHouse's own framing of compressed data, which `compress=1` and `decompress=1` ask for (JDBC, Go).

A block is checksum (16 bytes, CityHash128 of the rest), method (1), packed size with this header of 9 (4), raw size
(4), data; numbers are little-endian. Source: src/Compression/CompressionInfo.h and ICompressionCodec of ClickHouse.
"""

from typing import Final

import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

from throughline.gateway.refusal import RefusedError

LZ4: Final = 0x82
ZSTD: Final = 0x90
PLAIN: Final = 0x02
MAX_BLOCK: Final = 128 << 20  # raw bytes of one block that we unpack
_PACK: Final = 1 << 20  # raw bytes of one block that we pack
_CHECKSUM: Final = 16
_HEADER: Final = 9
_WORD: Final = (1 << 64) - 1


def packed(data: bytes) -> bytes:
    """The data as LZ4 blocks."""
    return b"".join(_block(data[at : at + _PACK]) for at in range(0, len(data), _PACK))


def _block(raw: bytes) -> bytes:
    body: bytes = lz4.block.compress(raw, store_size=False)
    sizes = (len(body) + _HEADER).to_bytes(4, "little") + len(raw).to_bytes(4, "little")
    block = bytes([LZ4]) + sizes + body
    return _checksum(block) + block


def _checksum(block: bytes) -> bytes:
    digest = CityHash128(block)  # its upper word is the first
    return int(digest >> 64).to_bytes(8, "little") + int(digest & _WORD).to_bytes(8, "little")


class Unpacker:
    """Blocks that arrive in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """What can be unpacked so far.

        Raises:
            RefusedError: a damaged block, or a method that is not known here.
        """
        rest, at, raw = self._rest + data, 0, []
        while len(rest) - at >= _CHECKSUM + _HEADER:
            size = int.from_bytes(rest[at + 17 : at + 21], "little")
            if not _HEADER <= size <= MAX_BLOCK:
                raise RefusedError(271, "CANNOT_DECOMPRESS", "The size of a compressed block is impossible")
            end = at + _CHECKSUM + size
            if len(rest) < end:
                break
            raw.append(_unpacked(rest[at:end]))
            at = end
        self._rest = rest[at:]
        return b"".join(raw)

    def end(self) -> bytes:
        """Nothing follows.

        Raises:
            RefusedError: the last block is cut off.
        """
        if self._rest:
            raise RefusedError(33, "CANNOT_READ_ALL_DATA", "The last compressed block is cut off")
        return b""


def _unpacked(block: bytes) -> bytes:
    body = block[_CHECKSUM:]
    if block[:_CHECKSUM] != _checksum(body):
        raise RefusedError(40, "CHECKSUM_DOESNT_MATCH", "Checksum doesn't match: corrupted data")
    method, size = body[0], int.from_bytes(body[5:9], "little")
    if size > MAX_BLOCK:
        raise RefusedError(271, "CANNOT_DECOMPRESS", "A compressed block is too large")
    if method == PLAIN:
        return body[_HEADER:]
    if method == LZ4:
        try:
            raw: bytes = lz4.block.decompress(body[_HEADER:], uncompressed_size=size)
        except lz4.block.LZ4BlockError as error:
            raise RefusedError(271, "CANNOT_DECOMPRESS", str(error)) from None
        return raw
    if method == ZSTD:
        return _zstd(body[_HEADER:], size)
    raise RefusedError(89, "UNKNOWN_COMPRESSION_METHOD", f"Compression method {method:#x} is not known here")


def _zstd(data: bytes, size: int) -> bytes:
    from throughline.gateway.encoding import zstd

    try:
        raw: bytes = zstd.ZstdDecompressor().decompress(data, size)
    except zstd.ZstdError as error:
        raise RefusedError(271, "CANNOT_DECOMPRESS", str(error)) from None
    return raw
