import asyncio
import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.intake import bodies
from producers.intake.bodies import Body, Memory, Unread, unpack

LIMIT = 1000


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@given(st.binary(max_size=LIMIT))
def test_what_was_packed_is_unpacked(body: bytes) -> None:
    assert unpack("gzip", gzip.compress(body), LIMIT) == body
    assert unpack("x-gzip", gzip.compress(body), LIMIT) == body
    assert unpack("deflate", zlib.compress(body), LIMIT) == body
    assert unpack("deflate", raw_deflate(body), LIMIT) == body


@given(st.binary(max_size=LIMIT // 2), st.binary(max_size=LIMIT // 2))
def test_gzip_may_have_several_members(first: bytes, second: bytes) -> None:
    assert unpack("gzip", gzip.compress(first) + gzip.compress(second), LIMIT) == first + second


@given(st.sampled_from(["gzip", "deflate"]), st.binary())
def test_no_bytes_break_it(encoding: str, packed: bytes) -> None:
    unpacked = unpack(encoding, packed, LIMIT)
    assert isinstance(unpacked, Unread) or len(unpacked) <= LIMIT


@given(st.binary(min_size=1, max_size=100), st.data())
def test_what_is_cut_off_is_wrong(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    cut = data.draw(st.integers(1, len(packed) - 1))
    assert unpack("gzip", packed[:cut], LIMIT) == Unread("encoding_wrong")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
def test_a_bomb_is_too_large_before_it_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    assert unpack(encoding, pack(bytes(50 << 20)), LIMIT) == Unread("too_large")


def test_other_encodings_are_not_known() -> None:
    assert unpack("br", b"x", LIMIT) == Unread("encoding_unknown")


async def read(
    chunks: Sequence[bytes | None], headers: Mapping[str, str] | None = None, memory: Memory | None = None
) -> bytes | Unread:
    """`None` among the chunks: the client goes away."""
    left = list(chunks)

    async def receive() -> Mapping[str, Any]:
        if not left:
            await asyncio.sleep(3600)
        chunk = left.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    room = memory or Memory()
    with Body(receive, headers or {}, LIMIT, room) as body:
        return await body.read()


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6))
async def test_a_body_comes_in_chunks_up_to_the_limit(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    assert await read(chunks) == (whole if len(whole) <= LIMIT else Unread("too_large"))


async def test_a_body_that_is_announced_as_too_large_is_not_kept() -> None:
    assert await read([b"x" * 600, b"x" * 600], {"content-length": "1200"}) == Unread("too_large")


async def test_a_client_that_asks_first_is_told_at_once() -> None:
    assert await read([], {"content-length": "1200", "expect": "100-continue"}) == Unread("too_large")


async def test_a_client_that_goes_away_is_gone() -> None:
    assert await read([b"x", None]) == Unread("gone")


async def test_a_client_that_stops_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "READ_S", 0.01)
    stopped = asyncio.Event()

    async def receive() -> Mapping[str, Any]:
        await stopped.wait()
        return {}

    with Body(receive, {}, LIMIT, Memory()) as body:
        assert await body.read() == Unread("too_slow")


async def test_memory_is_bounded_and_given_back() -> None:
    memory = Memory(100)
    packed = gzip.compress(b"x" * 90)
    assert await read([b"x" * 101], memory=memory) == Unread("no_memory")
    assert await read([b"x" * 60, b"x" * 60], memory=memory) == Unread("no_memory")
    assert await read([packed], {"content-encoding": "gzip"}, memory) == Unread("no_memory")
    assert memory.take(100)
    memory.give(100)
    assert await read([b"x" * 100], memory=memory) == b"x" * 100
    assert memory.take(100)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
async def test_no_encoding_is_the_body_itself(encoding: str) -> None:
    assert await read([b"body"], {"content-encoding": encoding}) == b"body"
