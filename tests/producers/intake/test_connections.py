"""The HTTP server over real sockets: what clients do that no client library does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from producers.intake import connections
from producers.intake.connections import bound, http_server
from producers.intake.http import HttpIntake
from schemas.settings import HttpSettings
from tests.producers.doubles import KeptPublisher, acceptor, metrics, source

POST = b"POST /sources/shop HTTP/1.1\r\nHost: x\r\n"


class Door:
    def __init__(self, port: int, publisher: KeptPublisher) -> None:
        self.port = port
        self.publisher = publisher

    async def say(self, *parts: bytes, pause: float = 0) -> tuple[int, bytes]:
        """Send the parts on one connection; the status and body of the first answer, 0 where there was none."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
            return await answer(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            return 0, b""
        finally:
            writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


@asynccontextmanager
async def open_door() -> AsyncIterator[Door]:
    publisher = KeptPublisher()
    intake = HttpIntake({"shop": source()}, acceptor(publisher), HttpSettings(), metrics(), list)
    server = http_server(intake, 1)
    listening = bound("127.0.0.1:0")
    port = listening.getsockname()[1]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Door(port, publisher)
    finally:
        server.should_exit = True
        await serving


async def test_chunked_bodies_are_whole() -> None:
    async with open_door() as door:
        chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n"
        status, _ = await door.say(chunked, b"2\r\nm1\r\n", b"3\r\n-ab\r\n", b"0\r\n\r\n", pause=0.01)
        assert status == 200
        assert b"m1-ab" in door.publisher.records[0][2]


async def test_chunks_without_end_are_cut_at_the_limit() -> None:
    async with open_door() as door:
        chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
        status, body = await door.say(POST + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 6, b"0\r\n\r\n")
        assert status == 413
        assert orjson.loads(body)["code"] == "too_large"


async def test_a_body_that_breaks_off_is_not_accepted() -> None:
    async with open_door() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(POST + b"Content-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        del reader
        await asyncio.sleep(0.05)
        assert not door.publisher.records


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"nonsense\r\n\r\n",
        POST + b"Content-Length: many\r\n\r\n",
        POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_told_so(request_: bytes) -> None:
    async with open_door() as door:
        status, body = await door.say(request_)
        assert status == 400
        assert orjson.loads(body)["code"] == "not_http"
        assert not door.publisher.records


@pytest.mark.parametrize(
    "head",
    [
        POST + b"X: " + b"a" * (128 << 10),  # one header without end
        POST + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)),
        b"POST /" + b"a" * (128 << 10),
    ],
)
async def test_a_head_has_a_bound(head: bytes) -> None:
    async with open_door() as door:
        status, body = await door.say(head)
        assert status == 431
        assert orjson.loads(body)["code"] == "head_too_large"


async def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.1)
    async with open_door() as door:
        assert await door.say() == (0, b"")
        assert await door.say(b"POST / HT", b"TP/1.1\r\nX", pause=0.2) == (0, b"")
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for _ in range(2):  # the second request of a connection that was idle is in time again
            writer.write(POST + b"Content-Length: 2\r\n\r\nm1")
            assert (await answer(reader))[0] == 200
            await asyncio.sleep(0.2)
        writer.write(b"POST /sou")
        assert await reader.read() == b""
        writer.close()


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS", 2)
    async with open_door() as door:
        held = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(2)]
        await asyncio.sleep(0.05)
        status, body = await door.say()
        assert status == 503
        assert orjson.loads(body)["code"] == "overloaded"
        for _, writer in held:
            writer.close()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with open_door() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"".join(POST + b"Content-Length: 2\r\n\r\nm%d" % number for number in range(5)))
        receipts = [orjson.loads((await answer(reader))[1])["receipts"] for _ in range(5)]
        assert [receipt["message_id"] for (receipt,) in receipts] == ["m0", "m1", "m2", "m3", "m4"]
        writer.close()


async def test_a_client_that_asks_first_may_send() -> None:
    async with open_door() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"m1")
        assert (await answer(reader))[0] == 200
        writer.close()
        status, _ = await door.say(POST + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        assert status == 413


def test_only_those_that_share_an_address_have_it_together() -> None:
    with bound("127.0.0.1:0", shared=True) as one:
        address = f"127.0.0.1:{one.getsockname()[1]}"
        bound(address, shared=True).close()
        one.listen()
        with pytest.raises(OSError, match="in use"):
            bound(address)
