"""The wire does to inserts what it is told, and lets everything else pass."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.chaos.wire import FAULTS, Fault, Wire, wire

INSERT = b"INSERT INTO t FORMAT JSONEachRow\n" + b"x" * 100_000


class Server(ThreadingHTTPServer):
    """Answers 200, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.whole: list[bytes] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size)
        if len(body) == size:
            self.server.whole.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def line(server: Server) -> Iterator[Wire]:
    with wire(f"http://127.0.0.1:{server.server_port}") as made:
        yield made


def test_what_is_no_insert_passes(line: Wire, server: Server) -> None:
    line.arm("swallow")
    assert httpx.post(line.url, content=b"SELECT 1").text == "ok"
    assert line.armed == ["swallow"]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_happens_to_one_insert_and_the_next_one_passes(line: Wire, server: Server, fault: Fault) -> None:
    line.arm(fault)
    if fault == "delay":
        assert httpx.post(line.url, content=INSERT, timeout=30).text == "ok"
    elif fault.startswith("refuse"):
        assert str(httpx.post(line.url, content=INSERT).status_code) in fault
    else:
        with pytest.raises(httpx.TransportError):
            httpx.post(line.url, content=INSERT)
    assert line.done == [fault]
    assert len(server.whole) == (fault in ("delay", "swallow"))
    assert httpx.post(line.url, content=INSERT).text == "ok"
    assert server.whole[-1] == INSERT
