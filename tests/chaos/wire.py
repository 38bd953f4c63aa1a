"""The wire between the sink and ClickHouse: a proxy that does to inserts what networks do.

It understands just so much of HTTP/1.1 as it needs: a request's head, and its body by Content-Length. Each fault is
armed for a number of inserts; what is no insert passes.
"""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final, Literal
from urllib.parse import urlsplit

Fault = Literal["delay", "cut", "swallow", "refuse 500", "refuse 503"]
FAULTS: Final[tuple[Fault, ...]] = ("delay", "cut", "swallow", "refuse 500", "refuse 503")
DELAY_S: Final = 2.0
_HEAD: Final = 1 << 20
_PIECE: Final = 1 << 16
_INSERT: Final = re.compile(rb"INSERT(?: |\+|%20)INTO")  # in the body, or in the address


class Wire:
    """A TCP proxy to one address, in a thread of its own.

    Attributes:
        url: where the sink connects.
        armed: faults that wait for an insert.
        done: those that have met one, in order.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._upstream = (parts.hostname or "", parts.port or 8123)
        self.armed: list[Fault] = []
        self.done: list[Fault] = []
        self._carrying: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._carry, "127.0.0.1", 0, limit=_HEAD))
        port = self._server.sockets[0].getsockname()[1]
        self.url = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()

    def arm(self, fault: Fault, times: int = 1) -> None:
        """Let a fault happen to the next inserts."""
        self.armed += [fault] * times

    def close(self) -> None:
        """Hang up on everybody."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection of the sink; each request in it is judged by itself."""
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            async with _closing(back):
                server, on = await asyncio.open_connection(*self._upstream)
                async with _closing(on):
                    while await self._exchange(client, back, server, on):
                        pass
        self._carrying.discard(task)

    async def _exchange(
        self,
        client: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        on: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer; False: the connection is over."""
        head = await client.readuntil(b"\r\n\r\n")
        body = await client.readexactly(_length(head))
        fault = self._fault(head + body[:200])
        if fault == "delay":
            await asyncio.sleep(DELAY_S)
        if fault in ("refuse 500", "refuse 503"):
            back.write(_refusal(fault))
            await back.drain()
            return False
        on.write(head + (body[: len(body) // 2] if fault == "cut" else body))
        await on.drain()
        if fault == "cut":
            return False
        answer = await server.readuntil(b"\r\n\r\n")
        if fault == "swallow":
            return False
        back.write(answer)
        if b"transfer-encoding: chunked" in answer.lower():
            await _copy_chunks(server, back)
        else:
            await _copy(server, back, _length(answer))
        return True

    def _fault(self, request: bytes) -> Fault | None:
        if not (self.armed and _INSERT.search(request)):
            return None
        fault = self.armed.pop(0)
        self.done.append(fault)
        return fault


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _refusal(fault: Fault) -> bytes:
    status = b"500 Internal Server Error" if fault == "refuse 500" else b"503 Service Unavailable"
    return b"HTTP/1.1 %s\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy" % status


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, size: int) -> None:
    while size:
        piece = await source.read(min(size, _PIECE))
        if not piece:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(piece)
        target.write(piece)
        await target.drain()


async def _copy_chunks(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while True:
        line = await source.readuntil(b"\r\n")
        target.write(line)
        size = int(line.split(b";")[0], 16)
        await _copy(source, target, size + 2)
        if not size:
            return


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@contextmanager
def wire(url: str) -> Iterator[Wire]:
    """A wire to `url` for as long as it is needed."""
    made = Wire(url)
    try:
        yield made
    finally:
        made.close()
