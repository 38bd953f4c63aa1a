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
from benchmarks.reader import Reader
from deploy.kafka.local import running_kafka
from tests.integration.running import WRITE_KEY, Installation, install, running

BATCH = 20
CANARIES_PER_S = 10
WARM_RATE = 1_000
WARM_S = 10  # not measured: the broker's compiler takes a core for itself meanwhile


def measure(rates: Sequence[int] = (500, 1_000, 2_000, 5_000), seconds: int = 12) -> list[dict[str, object]]:
    """Percentiles, in ms, from the 200 to the row, at each of these interactions a second, one after the other."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        with running(installation):
            asyncio.run(_canaries(installation, WARM_RATE, WARM_S))
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
    delays: list[float] = []
    url, credentials = gateway(installation)
    async with (
        httpx.AsyncClient(base_url=installation.http, auth=(WRITE_KEY, ""), timeout=30) as intake,
        httpx.AsyncClient(base_url=url, auth=credentials, timeout=30) as store,
        asyncio.TaskGroup() as tasks,
    ):
        reader = Reader(store, "interactions")
        looking = tasks.create_task(reader.look())
        began = time.monotonic()
        canary = max(1, rate // BATCH // CANARIES_PER_S)
        async with asyncio.TaskGroup() as sending:
            for number in range(rate // BATCH * seconds):
                await asyncio.sleep(max(0.0, began + number * BATCH / rate - time.monotonic()))
                sending.create_task(
                    _canary(intake, number, reader, delays) if number % canary == 0 else _send(intake, number)
                )
        looking.cancel()
    return delays


async def _canary(intake: httpx.AsyncClient, number: int, reader: Reader, delays: list[float]) -> None:
    """A batch whose first interaction is the only one of its customer, and when it is there."""
    name = f"canary-{uuid.uuid4()}"
    await _send(intake, number, name)
    accepted = time.monotonic()
    delays.append(await reader.seen(f"user_id:{name}") - accepted)


async def _send(intake: httpx.AsyncClient, number: int, first: str | None = None) -> None:
    batch = [
        {
            "type": "track",
            "userId": first if at == 0 and first else f"u{(number + at) % 500}",
            "event": "Seen",
            "messageId": str(uuid.uuid4()),
            "properties": {"x": "x" * 500},
        }
        for at in range(BATCH)
    ]
    (await intake.post("/v1/batch", json={"batch": batch})).raise_for_status()
