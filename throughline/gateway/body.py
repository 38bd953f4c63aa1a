"""A request's body, unpacked piece by piece, and the news that its client has left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final

from throughline.gateway.encoding import Decoder
from throughline.gateway.refusal import RefusedError

Message = MutableMapping[str, Any]  # ASGI's own type
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SILENCE_S: Final = 300  # a client that sends no more holds its place among the inserts no longer
PIECE: Final = 256 << 10  # what goes to the engine at once: fewer hops between threads, and the parsing overlaps


class ClientLeftError(Exception):
    """The client closed the connection."""


class Body:
    """The body behind an ASGI receive."""

    def __init__(self, receive: Receive, decoders: Sequence[Decoder]) -> None:
        """`decoders` in the order in which they unpack."""
        self._receive = receive
        self._decoders = decoders
        self._more = True

    @property
    def is_over(self) -> bool:
        """Whether all of it has come."""
        return not self._more

    async def pieces(self) -> AsyncIterator[bytes]:
        """Unpacked pieces of about PIECE bytes, the last one shorter; none is empty.

        Raises:
            ClientLeftError: the body was not yet whole.
            RefusedError: it cannot be unpacked.
        """
        held: list[bytes] = []
        size = 0
        while self._more:
            piece = self._unpacked(await self._next())
            if piece:
                held.append(piece)
                size += len(piece)
            if size >= PIECE or (size and not self._more):
                yield held[0] if len(held) == 1 else b"".join(held)
                held, size = [], 0

    async def _next(self) -> bytes:
        try:
            message = await asyncio.wait_for(self._receive(), SILENCE_S)
        except TimeoutError:
            text = f"Timeout exceeded while receiving data from client: {SILENCE_S} s"
            raise RefusedError(209, "SOCKET_TIMEOUT", text) from None
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        self._more = bool(message.get("more_body", False))
        piece: bytes = message.get("body", b"")
        return piece

    def _unpacked(self, piece: bytes) -> bytes:
        for decoder in self._decoders:
            piece = decoder.feed(piece)
            if not self._more:
                piece += decoder.end()
        return piece

    async def left(self) -> None:
        """Return when the client has left; for when the body has been read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
