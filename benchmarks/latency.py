"""Accepted to queryable: a reader polls ClickHouse for canaries that were accepted over HTTP, under a steady load."""

import asyncio
import time
import uuid
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx

from benchmarks.path import gateway
from deploy.kafka.local import running_kafka
from tests.integration.running import WRITE_KEY, Installation, install, running

BATCH = 20
CANARY = 15  # every so many batches: each asks ClickHouse until it is seen, and must not be the load itself
POLL_S = 0.025


def measure(rate: int = 1000, seconds: int = 20) -> dict[str, object]:
    """Percentiles, in ms, from the 200 to the row, at `rate` interactions a second."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        with running(installation):
            delays = asyncio.run(_canaries(installation, rate, seconds))
        cuts = quantiles(delays, n=100)
        return {
            "benchmark": "latency",
            "events_per_s": rate,
            "canaries": len(delays),
            "accepted_to_queryable_ms": {f"p{p}": round(cuts[p - 1] * 1000) for p in (50, 95, 99)},
        }


async def _canaries(installation: Installation, rate: int, seconds: int) -> list[float]:
    delays: list[float] = []
    url, credentials = gateway(installation)
    async with (
        httpx.AsyncClient(base_url=installation.http, auth=(WRITE_KEY, ""), timeout=30) as intake,
        httpx.AsyncClient(base_url=url, auth=credentials, timeout=30) as store,
        asyncio.TaskGroup() as tasks,
    ):
        began = time.monotonic()
        for number in range(rate // BATCH * seconds):
            await asyncio.sleep(max(0.0, began + number * BATCH / rate - time.monotonic()))
            tasks.create_task(_send(intake, number, Canary(store, delays) if number % CANARY == 0 else None))
    return delays[len(delays) // 10 :]  # the first ones meet cold caches


async def _send(intake: httpx.AsyncClient, number: int, canary: "Canary | None") -> None:
    first = canary.name if canary else f"u{number % 500}"
    batch = [
        {
            "type": "track",
            "userId": first if at == 0 else f"u{(number + at) % 500}",
            "event": "Seen",
            "messageId": str(uuid.uuid4()),
            "properties": {"x": "x" * 500},
        }
        for at in range(BATCH)
    ]
    (await intake.post("/v1/batch", json={"batch": batch})).raise_for_status()
    if canary:
        await canary.wait()


class Canary:
    """A customer of its own, whose one interaction a reader waits for."""

    def __init__(self, store: httpx.AsyncClient, delays: list[float]) -> None:
        self.name = f"canary-{uuid.uuid4()}"
        self._store = store
        self._delays = delays

    async def wait(self) -> None:
        """Poll until it is there; note how long it took from now."""
        accepted = time.monotonic()
        sql = f"SELECT count() FROM interactions WHERE tenant = 'default' AND subject = 'user_id:{self.name}'"  # noqa: S608  ours
        while True:
            answer = await self._store.post("/", params={"database": "throughline"}, content=sql)
            if int(answer.raise_for_status().text) >= 1:
                break
            await asyncio.sleep(POLL_S)
        self._delays.append(time.monotonic() - accepted)
