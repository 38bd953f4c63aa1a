"""The HTTP intake under other servers, and two of it at one address: CPU seconds of the serving processes, by turns.

`python -m benchmarks servers`: not one of those that `make bench` runs by itself, since it takes four quiet minutes and
its answer is kept (decision 0034). Each server runs the same application, the same publisher and the same settings of
the collector; all stand from the beginning, and idle while it is another's turn. The load is this process, over
loopback. Needs `make peers`.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Final

import orjson
from confluent_kafka.admin import AdminClient

from benchmarks.contest.turns import in_turn, spread
from benchmarks.intake import BATCH, batches, send, singles
from benchmarks.machine import cpu_seconds
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.ports import free_port
from tests.producers.serving import KEY, serving
from tests.waiting import until

OURS: Final = "uvicorn, httptools, uvloop, with our bounds"
TWO: Final = "two of ours at one address"
SERVERS: Final = {
    "uvicorn, httptools, uvloop": ("uvicorn", "httptools", "uvloop"),
    "uvicorn, httptools, asyncio": ("uvicorn", "httptools", "asyncio"),
    "uvicorn, h11, asyncio": ("uvicorn", "h11", "asyncio"),
    "granian, uvloop": ("granian", "-", "uvloop"),
    "hypercorn, uvloop": ("hypercorn", "-", "uvloop"),
    "aiohttp, uvloop": ("aiohttp", "-", "uvloop"),
}
NAMES: Final = (OURS, *SERVERS, TWO)
_CONNECTIONS: Final = 32


@dataclass(frozen=True, slots=True)
class Lap:
    """CPU seconds a million interactions, in batches and one a request; and the share of the busier process."""

    batches: float
    singles: float
    busier: float


def measure(
    batch_count: int = 400, single_count: int = 4_000, turns: int = 3, names: Sequence[str] = NAMES
) -> list[dict[str, object]]:
    """A result for each server."""
    laps: dict[str, list[Lap]] = {name: [] for name in names}
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as broker:
        create(AdminClient({"bootstrap.servers": broker.bootstrap}), Topics().specs(4, 1))
        with ExitStack() as stack:
            served = {name: stack.enter_context(_served(name, broker.bootstrap, Path(folder) / name)) for name in names}
            for url, _ in served.values():
                send(url, batches(50), _CONNECTIONS)
            for turn, name in in_turn(names, turns):
                lap = _lap(*served[name], batch_count, single_count)
                laps[name].append(lap)
                sys.stderr.write(
                    f"turn {turn + 1} of {turns}: {name}: CPU s a million: {lap.batches:.1f} in batches, "
                    f"{lap.singles:.1f} one by one\n"
                )
    return told(laps)


def told(laps: dict[str, list[Lap]]) -> list[dict[str, object]]:
    """A result for each server; what it costs in terms of ours is taken within a turn."""
    return [
        {
            "benchmark": "intake servers",
            "server": name,
            "cpu_s_per_million": {
                "batches of 100": spread([lap.batches for lap in taken], 1),
                "single events": spread([lap.singles for lap in taken], 1),
            },
            "in_terms_of_ours": {
                "batches of 100": spread(
                    [lap.batches / ours.batches for lap, ours in zip(taken, laps[OURS], strict=True)], 2
                ),
                "single events": spread(
                    [lap.singles / ours.singles for lap, ours in zip(taken, laps[OURS], strict=True)], 2
                ),
            },
            "share_of_the_busier": round(max(lap.busier for lap in taken), 2),
        }
        for name, taken in laps.items()
    ]


def _lap(url: str, pids: Sequence[int], batch_count: int, single_count: int) -> Lap:
    before = [cpu_seconds(pid) for pid in pids]
    send(url, batches(batch_count), _CONNECTIONS)
    between = [cpu_seconds(pid) for pid in pids]
    send(url, singles(single_count), _CONNECTIONS)
    after = [cpu_seconds(pid) for pid in pids]
    of_each = [end - begin for begin, end in zip(before, after, strict=True)]
    return Lap(
        (sum(between) - sum(before)) / (batch_count * BATCH) * 1e6,
        (sum(after) - sum(between)) / single_count * 1e6,
        max(of_each) / sum(of_each),
    )


@contextmanager
def _served(name: str, bootstrap: str, place: Path) -> Iterator[tuple[str, list[int]]]:
    """Where it answers, and the processes that do."""
    place.mkdir()
    if name in SERVERS:
        port = free_port()
        with _other(SERVERS[name], bootstrap, port, place) as process:
            yield f"http://127.0.0.1:{port}", [process.pid]
        return
    shared = {"THROUGHLINE_HTTP__SHARED": "true"} if name == TWO else {}
    with ExitStack() as stack:
        one = stack.enter_context(serving(KafkaSettings(bootstrap=bootstrap), place, shared))
        pids = [one.process.pid]
        if name == TWO:
            (place / "second").mkdir()
            same = shared | {"THROUGHLINE_HTTP__LISTEN": one.url.removeprefix("http://")}
            kafka = KafkaSettings(bootstrap=bootstrap)
            other = stack.enter_context(serving(kafka, place / "second", same, wait=False))
            until(lambda: "intake_started" in other.log.read_text())
            pids.append(other.process.pid)
        yield one.url, pids


@contextmanager
def _other(how: tuple[str, str, str], bootstrap: str, port: int, place: Path) -> Iterator["Popen[bytes]"]:
    settings = {
        "kafka": {"bootstrap": bootstrap},
        "data_dir": str(place / "data"),
        "sources": {"web": {"adapter": "segment", "write_key": KEY}},
    }
    arguments = [*how, str(port), orjson.dumps(settings).decode()]
    command, log = [sys.executable, "-m", "benchmarks.peers.intake_server", *arguments], place / "log"
    with log.open("wb") as out, Popen(command, stdout=out, stderr=out) as process:
        try:
            until(lambda: b"serves" in log.read_bytes() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            process.terminate()
