"""Accepted to queryable: a reader polls ClickHouse for canaries that were accepted over HTTP, under a steady load.

Of each load also where the median canary's time goes: `processed` until the timeline's topic has it, `inserted` until
ClickHouse makes its row, `answered` until an answer has it.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx

from benchmarks.path import gateway
from benchmarks.reader import Reader
from benchmarks.stages import Seen, stages
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
            found = {rate: asyncio.run(_canaries(installation, rate, seconds)) for rate in rates}
            url, credentials = gateway(installation)
            with httpx.Client(base_url=url, auth=credentials, timeout=30) as store:
                return [
                    _told(rate, seen) | {"median_ms_of": stages(seen, kafka.bootstrap, store)}
                    for rate, seen in found.items()
                ]


def _told(rate: int, seen: Mapping[str, Seen]) -> dict[str, object]:
    cuts = quantiles((one.answered - one.accepted for one in seen.values()), n=100)
    return {
        "benchmark": "latency",
        "events_per_s": rate,
        "canaries": len(seen),
        "accepted_to_queryable_ms": {f"p{p}": round(cuts[p - 1] * 1000) for p in (50, 95, 99)},
    }


async def _canaries(installation: Installation, rate: int, seconds: int) -> dict[str, Seen]:
    """The canaries of a load, by subject."""
    found: dict[str, Seen] = {}
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
                    _canary(intake, number, reader, found) if number % canary == 0 else _send(intake, number)
                )
        looking.cancel()
    return found


async def _canary(intake: httpx.AsyncClient, number: int, reader: Reader, found: dict[str, Seen]) -> None:
    """A batch whose first interaction is the only one of its customer, and when it is there."""
    name = f"canary-{uuid.uuid4()}"
    await _send(intake, number, name)
    accepted, began = time.time(), time.monotonic()
    subject = f"user_id:{name}"
    found[subject] = Seen(accepted, accepted + await reader.seen(subject) - began)


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
