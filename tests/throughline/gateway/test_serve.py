"""The process: its start, its end, and what survives it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.throughline.gateway.waiting import statements, until
from throughline.gateway import running

pytestmark = [pytest.mark.chdb, pytest.mark.slow]
DDL = (
    "CREATE TABLE IF NOT EXISTS t (n Int64) ENGINE = MergeTree ORDER BY n SETTINGS"
    " non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1"
)


def _client(url: str) -> httpx.Client:
    given = httpx.URL(url)
    base = given.copy_with(path="/", username=None, password=None)
    return httpx.Client(base_url=base, auth=(given.username, given.password), timeout=30)


def test_requests_in_flight_are_answered_at_the_end(tmp_path: Path) -> None:
    process = running.start(tmp_path)
    answers: list[httpx.Response] = []
    with _client(running.url(tmp_path)) as http:
        asking = threading.Thread(target=lambda: answers.append(http.post("/", content="SELECT sleep(2)")))
        asking.start()
        until(lambda: statements(http, "sleep(2)") == 1)
        assert running.stop(process) == 0
        asking.join()
    assert [answer.text for answer in answers] == ["0\n"]


def test_a_statement_without_end_does_not_hold_up_the_end(tmp_path: Path) -> None:
    process = running.start(tmp_path)
    with _client(running.url(tmp_path)) as http:
        asking = threading.Thread(target=_forever, args=(http,))
        asking.start()
        until(lambda: statements(http, "sipHash64") == 1)
        began = time.monotonic()
        assert running.stop(process) == 0
        assert time.monotonic() - began < running.STOP_S
        asking.join()


def _forever(http: httpx.Client) -> None:
    with pytest.raises(httpx.HTTPError):
        http.post("/", content="SELECT sum(sipHash64(number)) FROM numbers(10000000000000)").raise_for_status()


def test_the_store_stays_from_start_to_start(tmp_path: Path) -> None:
    for count in range(2):
        with running.running_gateway(tmp_path) as url, _client(url) as http:
            assert http.post("/", content=DDL).status_code == 200
            assert http.post("/", content="SELECT count() FROM t").text == f"{count}\n"
            assert http.post("/", content="INSERT INTO t VALUES (1)").status_code == 200


def test_a_second_gateway_names_the_first(tmp_path: Path) -> None:
    process = running.start(tmp_path)
    try:
        code = "from throughline.gateway.running import child; child()"
        command = [sys.executable, "-c", code, str(tmp_path), "127.0.0.1:0"]
        second = subprocess.run(  # its lifeline is the other one's
            command, stdin=process.stdout, capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 1
        assert f"pid {process.pid}" in second.stderr
    finally:
        running.stop(process)


def test_an_address_in_use_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(running.StartError):
        running.start(tmp_path, f"127.0.0.1:{taken.getsockname()[1]}")


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    process = running.start(tmp_path)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(running.STOP_S) == 0
    running.stop(process)


@pytest.mark.timeout(600)
def test_a_kill_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """A writer that repeats what was not acknowledged, under its token; each batch is there exactly once.

    GATEWAY_KILLS=20 is the long form.
    """
    kills = int(os.environ.get("GATEWAY_KILLS", "4"))
    batches = _batches()
    acknowledged: list[int] = []
    pending = next(batches)
    for kill in range(kills):
        process = running.start(tmp_path)
        threading.Timer(0.3 + 0.1 * (kill % 7), process.send_signal, [signal.SIGKILL]).start()
        with _client(running.url(tmp_path)) as http:
            while _inserted(http, pending):
                acknowledged.append(pending)
                pending = next(batches)
        running.stop(process)
    with running.running_gateway(tmp_path) as url, _client(url) as http:
        assert _inserted(http, pending)
        acknowledged.append(pending)
        rows = http.post("/", content="SELECT intDiv(n, 1000), count(), uniqExact(n) FROM t GROUP BY 1 ORDER BY 1").text
    assert rows.splitlines() == [f"{batch}\t1000\t1000" for batch in acknowledged]
    assert len(acknowledged) > kills


def _batches() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _inserted(http: httpx.Client, batch: int) -> bool:
    """Whether the batch was acknowledged; False when the gateway died first."""
    rows = b"".join(b'{"n": %d}\n' % n for n in range(batch * 1000, batch * 1000 + 1000))
    params = {"query": "INSERT INTO t FORMAT JSONEachRow", "insert_deduplication_token": f"batch {batch}"}
    try:
        assert http.post("/", content=DDL).status_code == 200
        return http.post("/", params=params, content=rows).status_code == 200
    except httpx.TransportError:
        return False
