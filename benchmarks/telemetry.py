"""What telemetry costs at full load, as a share of a core: each thing that a part does for it, as often as it does it.

CPU is measured, not the clock, so that other work on the machine changes little.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from prometheus_client import generate_latest

from benchmarks.machine import cpu_seconds
from schemas.fates import FATES
from schemas.interaction import CHANNELS
from schemas.kafka.lag import Lags
from schemas.telemetry import Metrics
from schemas.topics import Topics
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from sinks.pulse import Pulse
from sinks.read_back import EVERY_S, ReadBack, sample
from tests.sinks.rows import interaction
from throughline.gateway.running import start, stop, url

# As often a second as a part does it at full load on two cores (benchmarks/results), of which each takes what it can.
DELIVERIES: Final = 3_000  # of one interaction each, by one intake
BATCHES: Final = 30  # of a processor; each counts by channel and fate
RANGES: Final = 30  # of a sink, all tables together
SCRAPES: Final = 0.1
LOOKS: Final = 1  # at the lag of three groups
PARTITIONS: Final = 4
ROWS: Final = 200_000
PIECE: Final = 20_000
CUSTOMERS: Final = 50_000
QUESTIONS: Final = 50
MAP: Final = """
INSERT INTO identity_map (tenant, subject, version, ranges)
SELECT 'default', concat('user_id:u', toString(number)), 1, [(
    toDateTime64('1970-01-01 00:00:00', 3, 'UTC'), toDateTime64('2100-01-01 00:00:00', 3, 'UTC'),
    generateUUIDv4(), 'linked'
)]
FROM numbers({customers:UInt64})
"""


def measure() -> dict[str, object]:
    """The share of a core for each part, and microseconds of each thing."""
    metrics = Metrics()
    spent = {
        "delivery": _each(lambda: _delivery(metrics), 50_000),
        "batch": _each(lambda: _batch(metrics), 5_000),
        "range": _each(_storing(metrics), 20_000),
        "look": _each(_looking(metrics), 300),
        "scrape": _each(lambda: generate_latest(metrics.registry), 100),
    }
    client_s, store_s = _questions()
    spent |= {"question, sink": client_s, "question, ClickHouse": store_s}
    scrape = spent["scrape"] * SCRAPES
    shares = {
        "serve": spent["delivery"] * DELIVERIES + spent["look"] * LOOKS + scrape,
        "process": spent["batch"] * BATCHES + scrape,
        "sink": spent["range"] * RANGES + spent["question, sink"] / EVERY_S + spent["look"] * LOOKS + scrape,
        "ClickHouse": spent["question, ClickHouse"] / EVERY_S,
    }
    return {
        "benchmark": "telemetry",
        "cpu_us_each": {name: round(seconds * 1e6, 1) for name, seconds in spent.items()},
        "percent_of_a_core_at_full_load": {part: round(share * 100, 2) for part, share in shares.items()}
        | {"all of them": round(sum(shares.values()) * 100, 2)},
    }


def _each(act: Callable[[], object], count: int, turns: int = 5) -> float:
    """CPU seconds of this process for one; the least of several turns."""
    best = float("inf")
    for _ in range(turns):
        began = time.process_time()
        for _ in range(count):
            act()
        best = min(best, (time.process_time() - began) / count)
    return best


def _delivery(metrics: Metrics) -> None:
    """As `producers.accept` and `producers.publish` do."""
    metrics.deliveries.tally(("web", "accepted"))
    metrics.accepted.tally(("web", "web"), 1)
    began = time.perf_counter()
    metrics.publish.note(time.perf_counter() - began)


def _batch(metrics: Metrics) -> None:
    """As `stream_processors.pipeline` does, when every channel has come."""
    for channel in CHANNELS:
        metrics.step.observe(0.01)
        for fate in FATES:
            metrics.processed.labels(channel, fate).inc(100)


class _Asked:
    """No ClickHouse: while inserts are answered, the pulse asks it nothing."""

    def command(self, sql: str) -> None:
        """See `sinks.pulse.Does`."""
        raise NotImplementedError(sql)


def _storing(metrics: Metrics) -> Callable[[], None]:
    """As `sinks.warehouse` does."""
    pulse = Pulse(_Asked(), metrics)

    def store() -> None:
        with pulse.inserting():
            pass
        metrics.insert.observe(0.05)
        metrics.sink_inserts.labels("interactions", "done").inc()
        metrics.sink_rows.labels("interactions").inc(1000)

    return store


def _looking(metrics: Metrics) -> Callable[[], None]:
    """As the intake does, of ends that move all the time."""
    lags, topics = Lags(metrics), Topics()
    groups = {
        "throughline-process": topics.raw,
        "throughline-sink": topics.stored,
        "throughline-resolve": (topics.evidence,),
    }
    moment = 0

    def look() -> None:
        nonlocal moment
        moment += 1
        for group, read in groups.items():
            lags.tell(group, {(t, n): (moment * 90, moment * 100) for t in read for n in range(PARTITIONS)}, moment)

    return look


def _questions() -> tuple[float, float]:
    """CPU seconds for reading back once: of the sink, and of ClickHouse."""
    with TemporaryDirectory() as folder:
        gateway = start(Path(folder))
        try:
            with connect(url(Path(folder))) as client:
                return _asked(client, gateway.pid)
        finally:
            stop(gateway)


def _asked(client: ClickHouse, pid: int) -> tuple[float, float]:
    migrate(client)
    for first in range(0, ROWS, PIECE):
        rows = [interaction(n, f"u{n % CUSTOMERS}") for n in range(first, first + PIECE)]
        client.insert_ready("interactions", b"\n".join(rows), f"rows-{first}")
    client.command(MAP, {"customers": CUSTOMERS})
    reader = ReadBack(client, Metrics())
    own = [
        interaction(n * (ROWS // 32), f"u{n * (ROWS // 32) % CUSTOMERS}", channel=CHANNELS[n % 8]) for n in range(32)
    ]
    before, began = cpu_seconds(pid), time.process_time()
    for _ in range(QUESTIONS):
        reader.look(sample(own))
    return (time.process_time() - began) / QUESTIONS, (cpu_seconds(pid) - before) / QUESTIONS


if __name__ == "__main__":
    print(json.dumps(measure()))
