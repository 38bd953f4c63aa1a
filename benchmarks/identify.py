"""Late logins: from their 200 until the visits before them are the customer's in the timeline, under a steady load."""

import asyncio
import time
import uuid
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx

from benchmarks.path import gateway
from benchmarks.reader import Reader
from deploy.kafka.local import running_kafka
from schemas.ids import profile_id
from tests.integration.running import WRITE_KEY, Installation, install, running

BATCH = 50
LINKING = 0.05  # of all interactions
PERIOD_S = 0.25  # between two late logins
WARM_S = 10  # before the first one: the broker's compiler takes a core for itself meanwhile


def measure(rate: int = 2000, seconds: int = 30) -> dict[str, object]:
    """Percentiles, in ms, from the 200 of a login to the earlier visit under the customer's profile."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        installation = install(Path(folder) / "tl", kafka.bootstrap)
        with running(installation):
            delays = asyncio.run(_logins(installation, rate, seconds))
    cuts = quantiles(delays, n=100)
    return {
        "benchmark": "late login",
        "events_per_s": rate,
        "linking": LINKING,
        "logins": len(delays),
        "accepted_to_visible_ms": {f"p{p}": round(cuts[p - 1] * 1000) for p in (50, 95, 99)},
        "worst_ms": round(max(delays) * 1000),
    }


async def _logins(installation: Installation, rate: int, seconds: int) -> list[float]:
    delays: list[float] = []
    url, credentials = gateway(installation)
    async with (
        httpx.AsyncClient(base_url=installation.http, auth=(WRITE_KEY, ""), timeout=30) as intake,
        httpx.AsyncClient(base_url=url, auth=credentials, timeout=30) as store,
        asyncio.TaskGroup() as tasks,
    ):
        reader = Reader(store, "timeline", "subject, toString(profile_id)")
        looking = tasks.create_task(reader.look())
        began = time.monotonic()
        login_at = began + WARM_S
        async with asyncio.TaskGroup() as sending:
            for number in range(rate // BATCH * (WARM_S + seconds)):
                await asyncio.sleep(max(0.0, began + number * BATCH / rate - time.monotonic()))
                sending.create_task(_load(intake, number))
                if time.monotonic() >= login_at:
                    login_at += PERIOD_S
                    sending.create_task(_login(intake, reader, delays))
        looking.cancel()
    return delays


async def _load(intake: httpx.AsyncClient, number: int) -> None:
    """A batch, a twentieth of it by customers whose device is new."""
    linking = {at for at in range(BATCH) if (number * BATCH + at) % round(1 / LINKING) == 0}
    batch = [
        {
            "type": "track",
            "userId": f"u{(number * BATCH + at) % 5000}",
            "event": "Seen",
            "messageId": str(uuid.uuid4()),
            "properties": {"x": "x" * 400},
            **({"anonymousId": str(uuid.uuid4())} if at in linking else {}),
        }
        for at in range(BATCH)
    ]
    (await intake.post("/v1/batch", json={"batch": batch})).raise_for_status()


async def _login(intake: httpx.AsyncClient, reader: Reader, delays: list[float]) -> None:
    """A visit; when it stands in the timeline, the login; then the time until the visit is the customer's."""
    user, device = f"late-{uuid.uuid4()}", str(uuid.uuid4())
    visitor = f"anonymous_id:{device}"
    visit = {"anonymousId": device, "event": "Seen", "messageId": str(uuid.uuid4())}
    (await intake.post("/v1/track", json=visit)).raise_for_status()
    await reader.seen(visitor, str(profile_id("default", visitor)))
    login = {"anonymousId": device, "userId": user, "messageId": str(uuid.uuid4())}
    (await intake.post("/v1/identify", json=login)).raise_for_status()
    accepted = time.monotonic()
    delays.append(await reader.seen(visitor, str(profile_id("default", f"user_id:{user}"))) - accepted)
