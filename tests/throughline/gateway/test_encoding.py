import gzip
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway.encoding import chosen, decoder, encoder, zstd
from throughline.gateway.refusal import RefusedError


def _lz4(data: bytes) -> bytes:
    packed: bytes = lz4.frame.compress(data)
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
    "lz4": _lz4,
}


def _decoded(name: str, data: bytes, step: int) -> bytes:
    inner = decoder(name)
    pieces = [inner.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join(pieces) + inner.end()


@given(st.sampled_from([*PACKERS]), st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.integers(1, 50))
def test_members_one_after_another_are_decoded(name: str, parts: list[bytes], step: int) -> None:
    assert _decoded(name, b"".join(PACKERS[name](part) for part in parts), step) == b"".join(parts)


@given(st.sampled_from([*PACKERS, ""]), st.lists(st.binary(max_size=200), max_size=4))
def test_what_is_encoded_is_decoded(name: str, parts: list[bytes]) -> None:
    inner = encoder(name)
    data = b"".join(inner.feed(part) for part in parts) + inner.end()
    assert _decoded(name, data, 1000) == b"".join(parts)


@given(st.sampled_from([*PACKERS]), st.binary(min_size=1, max_size=100))
def test_rubbish_is_refused(name: str, data: bytes) -> None:
    whole = PACKERS[name](b"some rows, some rows")
    with pytest.raises(RefusedError):
        _decoded(name, whole[:-6], 1000)
    with pytest.raises(RefusedError):
        _decoded(name, b"\xff" + data, 1000)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(RefusedError, match="gzip, deflate, zstd and lz4"):
        decoder("br")
    assert decoder(" Identity ").feed(b"x") == b"x"


@pytest.mark.parametrize(
    ("accepted", "name"),
    [
        ("gzip, deflate", "gzip"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
        ("lz4,zstd", "zstd"),
        ("zstd;q=0, LZ4", "lz4"),
        ("", ""),
        ("br", ""),
    ],
)
def test_the_best_that_a_client_accepts(accepted: str, name: str) -> None:
    assert chosen(accepted) == name
