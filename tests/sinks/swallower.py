"""A wire between the sink and ClickHouse that loses answers: the insert is done, and nobody hears of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Swallower:
    """A TCP proxy.

    Attributes:
        url: where the sink connects.
        left: how many answers to inserts are still to be lost.
        lost: set whenever one was.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._upstream = (parts.hostname, parts.port)
        self._server = socket.create_server(("127.0.0.1", 0))
        user = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(netloc=f"{user}@127.0.0.1:{self._server.getsockname()[1]}").geturl()
        self.left = 0
        self.lost = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """One connection: requests go up in a thread of their own, answers come back here."""
        with client, socket.create_connection(self._upstream) as server, suppress(OSError):
            inserting = threading.Event()
            threading.Thread(target=self._up, args=(client, server, inserting), daemon=True).start()
            while answer := server.recv(1 << 16):
                if inserting.is_set() and self.left > 0:
                    self.left -= 1
                    self.lost.set()
                    client.shutdown(socket.SHUT_RDWR)  # closing alone would not be seen while the other thread reads
                    return
                inserting.clear()
                client.sendall(answer)

    def _up(self, client: socket.socket, server: socket.socket, inserting: threading.Event) -> None:
        with suppress(OSError):
            while request := client.recv(1 << 16):
                if b"INSERT INTO" in request[:4096]:
                    inserting.set()
                server.sendall(request)
            server.shutdown(socket.SHUT_WR)


@contextmanager
def swallower(url: str) -> Iterator[Swallower]:
    """A wire to `url` for as long as it is needed."""
    wire = Swallower(url)
    try:
        yield wire
    finally:
        wire.close()
