import pytest
from clickhouse_cityhash.cityhash import CityHash128
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway.blocks import Unpacker, packed
from throughline.gateway.encoding import zstd
from throughline.gateway.refusal import RefusedError


def _framed(method: int, body: bytes, raw: int) -> bytes:
    block = bytes([method]) + (len(body) + 9).to_bytes(4, "little") + raw.to_bytes(4, "little") + body
    digest = int(CityHash128(block))
    return (digest >> 64).to_bytes(8, "little") + (digest & ((1 << 64) - 1)).to_bytes(8, "little") + block


def _unpacked(data: bytes, step: int) -> bytes:
    unpacker = Unpacker()
    pieces = [unpacker.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join(pieces) + unpacker.end()


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 100))
def test_what_is_packed_is_unpacked(parts: list[bytes], step: int) -> None:
    assert _unpacked(b"".join(packed(part) for part in parts), step) == b"".join(parts)


def test_a_large_piece_makes_several_blocks() -> None:
    data = bytes(range(256)) * 10_000
    assert _unpacked(packed(data), 70_000) == data


def test_other_methods() -> None:
    assert _unpacked(_framed(0x02, b"plain", 5), 7) == b"plain"
    assert _unpacked(_framed(0x90, zstd.compress(b"zstd"), 4), 7) == b"zstd"


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_damaged_block_is_refused(data: bytes, draw: st.DataObject) -> None:
    block = bytearray(packed(data))
    at = draw.draw(st.integers(0, len(block) - 1))
    block[at] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(RefusedError):
        _unpacked(bytes(block), 1000)


@pytest.mark.parametrize(
    ("block", "name"),
    [
        (packed(b"abc")[:-1], "CANNOT_READ_ALL_DATA"),
        (_framed(0x91, b"?", 1), "UNKNOWN_COMPRESSION_METHOD"),
        (_framed(0x82, b"\xff\xff\xff", 3), "CANNOT_DECOMPRESS"),
        (_framed(0x90, b"\xff\xff\xff", 3), "CANNOT_DECOMPRESS"),
        (_framed(0x82, b"", (1 << 32) - 1), "CANNOT_DECOMPRESS"),
    ],
)
def test_what_cannot_be_unpacked_is_named(block: bytes, name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        _unpacked(block, 1000)
    assert caught.value.name == name
