"""Parts beside those that `up` runs, and clients that find the intakes that are ready, as a balancer would."""

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from schemas.settings import load
from tests.integration.running import WRITE_KEY, Installation
from tests.ports import free_port
from tests.waiting import PATIENCE_S, until
from throughline.gateway import access

DRAIN_S = 30.0  # 10 on a machine with nothing else to do
_BEGUN = {"serve": "intake_started", "process": "worker_started", "resolve": "worker_started",
          "sink": "partitions_assigned"}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A part that runs."""

    process: subprocess.Popen[bytes]
    http: str
    log: Path

    def stop(self) -> None:
        """Ask it to end; it drains."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DRAIN_S) == 0, self.log.read_text()[-3000:]


@contextmanager
def part(up: Installation, name: str, folder: Path) -> Iterator[Part]:
    """One more part over the same Kafka and ClickHouse, with a folder of its own; killed where it still runs."""
    settings = load(Path(up.environment["THROUGHLINE_CONFIG"]), {}).settings
    folder.mkdir(parents=True, exist_ok=True)
    http, log = f"127.0.0.1:{free_port()}", folder / f"{name}.log"
    own = {
        "THROUGHLINE_CLICKHOUSE__URL": access.url(settings),
        "THROUGHLINE_DATA_DIR": str(folder / "data"),
        "THROUGHLINE_HTTP__LISTEN": http,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "throughline", name], env=up.environment | own, stderr=out, stdout=out
        )
    try:
        until(lambda: _BEGUN[name] in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()[-3000:]
        yield Part(process, f"http://{http}", log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@dataclass
class Load:
    """Senders that send again where they were refused, as every HTTP client may; any other trouble is kept.

    Attributes:
        accepted: message ids that were answered with 200.
        copies: how many of them were sent twice.
        refused: answers that said to come again later.
        filler: bytes that each interaction carries beside.
    """

    intakes: Sequence[str]
    filler: int = 0
    accepted: set[str] = field(default_factory=set)
    copies: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ready = list(self.intakes)
        self._ending = threading.Event()
        self._numbers = itertools.count()

    @contextmanager
    def flowing(self, senders: int = 3) -> Iterator["Load"]:
        """Send, until the block ends."""
        threads = [threading.Thread(target=self._probe)]
        threads += [threading.Thread(target=self._send) for _ in range(senders)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ending.set()
            for thread in threads:
                thread.join()

    def goes_on(self, more: int = 200) -> None:
        """Wait until so many more have been accepted."""
        goal = len(self.accepted) + more
        until(lambda: len(self.accepted) >= goal or self.faults)
        assert not self.faults

    def is_held_back(self) -> None:
        """Wait until a sender is told to come again later."""
        before = self.refused
        until(lambda: self.refused > before or self.faults)
        assert not self.faults

    def _probe(self) -> None:
        while not self._ending.wait(0.2):
            self._ready = [url for url in self.intakes if is_ready(url)]

    def _send(self) -> None:
        clients = {url: httpx.Client(base_url=url, auth=(WRITE_KEY, ""), timeout=60) for url in self.intakes}
        while not self._ending.is_set():
            numbers = [next(self._numbers) for _ in range(10)]
            batch: list[Mapping[str, object]] = [
                {"type": "track", "event": "Seen", "userId": f"u{n // 3}", "anonymousId": f"a{n // 2}",
                 "messageId": f"m{n}", "timestamp": "2026-01-31T12:00:00.000Z",
                 "properties": {"filler": "x" * self.filler}} for n in numbers]  # fmt: skip
            for _ in range(2 if numbers[0] % 70 == 0 else 1):
                self._deliver(clients, batch)
            if self.faults:
                break
            self.copies += 10 if numbers[0] % 70 == 0 else 0
            self.accepted.update(f"m{n}" for n in numbers)
        for client in clients.values():
            client.close()

    def _deliver(self, clients: Mapping[str, httpx.Client], batch: Sequence[Mapping[str, object]]) -> None:
        deadline, refusal = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < deadline:
            for url in self._ready or self.intakes:
                try:
                    answer = clients[url].post("/v1/batch", json={"batch": batch})
                except httpx.ConnectError:
                    continue
                except httpx.HTTPError as error:
                    self.faults.append(repr(error))
                    continue
                if answer.status_code == 200:
                    return
                if answer.status_code == 503:
                    self.refused, refusal = self.refused + 1, answer.text
                else:
                    self.faults.append(answer.text)
            time.sleep(0.05)
        self.faults.append(f"nobody accepted it in {PATIENCE_S} s: {refusal}")


def is_ready(url: str) -> bool:
    """Whether an intake says that it can accept."""
    try:
        return httpx.get(f"{url}/readyz", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def exactly(installation: Installation, load: Load) -> None:
    """Wait until what was accepted is in the timeline, once each, and each record of it has one fate."""
    installation.until(
        """
        SELECT
            (SELECT count() FROM timeline) AS rows,
            (SELECT uniqExact(message_id) FROM timeline) AS ids,
            (SELECT uniqExact((raw_topic_id, raw_partition, raw_offset)) FROM fates WHERE fate = 'stored') AS stored,
            (SELECT uniqExact((raw_topic_id, raw_partition, raw_offset)) FROM fates WHERE fate = 'duplicate') AS copies,
            (SELECT countIf(n > 1) FROM
                (SELECT uniqExact(fate) AS n FROM fates GROUP BY raw_topic_id, raw_partition, raw_offset)) AS torn
        """,
        {"rows": len(load.accepted), "ids": len(load.accepted), "stored": len(load.accepted), "copies": load.copies,
         "torn": 0},
    )  # fmt: skip
