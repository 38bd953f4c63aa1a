"""The HTTP server: uvicorn, with bounds on what a connection may take before its request is there.

uvicorn and its parser put no bound on the size of a request's head, nor on the time that it may take; both are here.
"""

import logging
import socket
from asyncio import TimerHandle, Transport
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from producers.intake.answers import failure
from producers.intake.http import HttpIntake

HEAD_S: Final = 15.0  # for the head of a request
HEAD: Final = 64 << 10  # bytes of a request's line and headers
IDLE_S: Final = 75  # a connection between two requests; longer than the 60 s of common load balancers
CONNECTIONS: Final = 4096  # each may hold 64 KiB before anybody reads it


class Connection(HttpToolsProtocol):
    """One connection: its requests' heads are bounded in size and time."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401  uvicorn's own, handed on
        super().__init__(*arguments, **keywords)
        self._head = 0  # bytes since the last whole head or body
        self._is_in_head = True
        self._late: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """A client has come."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self._refuse(503, "overloaded", "too many connections", "connect again later")
            return
        self._late = self.loop.call_later(HEAD_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._is_in_head:
            self._head += len(data)
            if self._late is None:
                self._late = self.loop.call_later(HEAD_S, self._give_up)
        super().data_received(data)
        if self._is_in_head and self._head > HEAD and not self.transport.is_closing():
            self._refuse(431, "head_too_large", f"the request's head is larger than {HEAD} bytes", "send less")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._is_in_head = False
        self._head = 0
        self._in_time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole."""
        self._is_in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Not HTTP."""
        self._refuse(400, "not_http", msg, "send HTTP/1.1")

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: int, code: str, message: str, hint: str) -> None:
        answer = failure(status, code, message, hint)
        head = (
            f"HTTP/1.1 {status} \r\ncontent-type: {answer.content_type}\r\ncontent-length: {len(answer.body)}\r\n"
            "connection: close\r\nretry-after: 5\r\n\r\n"
        )
        self.transport.write(head.encode() + answer.body)
        self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's server; signals are the business of `producers.serve`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def http_server(intake: HttpIntake, grace_s: int) -> uvicorn.Server:
    """A server for sockets that are bound already: `await server.serve(sockets=[...])`.

    It ends when `should_exit` is set: requests that have begun have `grace_s` seconds to finish.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of every request that is not HTTP
    config = uvicorn.Config(
        intake,
        http=Connection,
        ws="none",
        lifespan="off",
        loop="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=grace_s,
        backlog=2048,
    )
    return _Server(config)


def bound(listen: str, *, shared: bool = False) -> socket.socket:
    """A listening socket at `host:port`; `shared` with other processes of this user that say so too.

    The kernel gives each new connection to one of those that share.

    Raises:
        OSError: the address cannot be had.
    """
    host, _, port = listen.rpartition(":")
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)  # noqa: FBT003  the standard library's own
    return listening
