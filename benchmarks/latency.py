"""Accepted to queryable: a reader polls ClickHouse for canaries that were accepted over HTTP, under a steady load."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx

from benchmarks.path import gateway
from deploy.kafka.local import running_kafka
from tests.integration.running import WRITE_KEY, Installation, install, running

BATCH = 20
CANARIES_PER_S = 4
POLL_S = 0.025


def measure(rates: Sequence[int] = (1_000, 5_000), seconds: int = 12) -> list[dict[str, object]]:
    """Percentiles, in ms, from the 200 to the row, at each of these interactions a second, one after the other."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        with running(installation):
            return [_told(rate, asyncio.run(_canaries(installation, rate, seconds))) for rate in rates]


def _told(rate: int, delays: Sequence[float]) -> dict[str, object]:
    cuts = quantiles(delays, n=100)
    return {
        "benchmark": "latency",
        "events_per_s": rate,
        "canaries": len(delays),
        "accepted_to_queryable_ms": {f"p{p}": round(cuts[p - 1] * 1000) for p in (50, 95, 99)},
    }


async def _canaries(installation: Installation, rate: int, seconds: int) -> list[float]:
    url, credentials = gateway(installation)
    async with (
        httpx.AsyncClient(base_url=installation.http, auth=(WRITE_KEY, ""), timeout=30) as intake,
        httpx.AsyncClient(base_url=url, auth=credentials, timeout=30) as store,
        asyncio.TaskGroup() as tasks,
    ):
        reader = Reader(store)
        looking = tasks.create_task(reader.look())
        began = time.monotonic()
        canary = max(1, rate // BATCH // CANARIES_PER_S)
        async with asyncio.TaskGroup() as sending:
            for number in range(rate // BATCH * seconds):
                await asyncio.sleep(max(0.0, began + number * BATCH / rate - time.monotonic()))
                sending.create_task(_send(intake, number, reader if number % canary == 0 else None))
        while reader.waiting:  # noqa: ASYNC110  it looks by itself
            await asyncio.sleep(POLL_S)
        looking.cancel()
    return reader.delays[len(reader.delays) // 10 :]  # the first ones meet cold caches


async def _send(intake: httpx.AsyncClient, number: int, reader: "Reader | None") -> None:
    canary = f"canary-{uuid.uuid4()}"
    batch = [
        {
            "type": "track",
            "userId": canary if at == 0 and reader else f"u{(number + at) % 500}",
            "event": "Seen",
            "messageId": str(uuid.uuid4()),
            "properties": {"x": "x" * 500},
        }
        for at in range(BATCH)
    ]
    (await intake.post("/v1/batch", json={"batch": batch})).raise_for_status()
    if reader:
        reader.waiting[f"user_id:{canary}"] = time.monotonic()


class Reader:
    """Looks for all canaries at once, customers of one interaction each: one query at a time, and not the load itself.

    Attributes:
        waiting: when each that is not seen yet was accepted.
        delays: how long each took that was seen, in seconds; the time of the query and between two of them counts.
    """

    def __init__(self, store: httpx.AsyncClient) -> None:
        self.waiting: dict[str, float] = {}
        self.delays: list[float] = []
        self._store = store

    async def look(self) -> None:
        """Look until cancelled."""
        while True:
            if self.waiting:
                names = ", ".join(f"'{name}'" for name in self.waiting)
                sql = f"SELECT subject FROM interactions WHERE tenant = 'default' AND subject IN ({names})"  # noqa: S608  ours
                answer = await self._store.post("/", params={"database": "throughline"}, content=sql)
                now = time.monotonic()
                self.delays += [now - self.waiting.pop(name) for name in answer.raise_for_status().text.split()]
            await asyncio.sleep(POLL_S)
