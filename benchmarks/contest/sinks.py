"""From Kafka to ClickHouse, side by side: our sink and plain loops.

ClickHouse's own Kafka engine cannot take part: chDB 4.4 lists it, and refuses to create such a table ("Shutdown was
called"), whatever the size of its pool for message brokers.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from confluent_kafka.admin import AdminClient

from benchmarks.contest.groups import forget
from benchmarks.contest.quiet import load_of_others
from benchmarks.contest.turns import Result, by_turns, summary
from benchmarks.contest.verify import WrongOutputError
from benchmarks.contest.watch import Entry, Lap, Watch, running
from benchmarks.sink import preload
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.kafka.clients import sink_group
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from throughline.gateway import running as gateways

BENCHMARK: Final = "side by side, sink"
OURS: Final = "ours"
FLOOR: Final = "floor"
BARE: Final = "bare floor"
UNEQUAL: Final = {
    OURS: "exact: each range under a token, a bad row is set aside; rows and fates written",
    FLOOR: "the same tables, fsync; a crash doubles rows, a bad row stops it",
    BARE: "the columns alone, fsync: no fates; a crash doubles rows, a bad row stops it",
}
PARTITIONS: Final = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a sink works: the broker, and a ClickHouse that is new, in `folder`."""

    bootstrap: str
    broker: int
    folder: Path

    @property
    def data(self) -> Path:
        """The store's."""
        return self.folder / "data"


def measure(rows: int = 200_000, turns: int = 3) -> list[Result]:
    """A result for each contestant."""
    before = load_of_others()
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        assert kafka.child is not None
        broker = kafka.child.pid
        create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics().specs(PARTITIONS, 1))
        preload(KafkaSettings(bootstrap=kafka.bootstrap), rows)

        def one(name: str, place: Path) -> Lap:
            return _run(name, Scene(kafka.bootstrap, broker, place), rows)

        laps = by_turns(list(UNEQUAL), turns, one, Path(folder) / "laps")
    shared = {"benchmark": BENCHMARK, "others_before": round(before, 3)}
    return [
        shared | {"contestant": name, "unequal": UNEQUAL[name]} | summary(laps[name], laps[OURS]) for name in UNEQUAL
    ]


@contextmanager
def _clickhouse(scene: Scene) -> Iterator[tuple[int, str, ClickHouse]]:
    """The gateway's pid, its address, and a client of it."""
    gateway = gateways.start(scene.data)
    try:
        url = gateways.url(scene.data)
        with connect(url) as client:
            yield gateway.pid, url, client
    finally:
        gateways.stop(gateway)


def _run(name: str, scene: Scene, rows: int) -> Lap:
    with entered(name, scene, rows) as entry:
        watch = Watch(entry.count, entry.process, entry.log, {**entry.servers, "broker": scene.broker})
        return watch.lap(rows, ("contestant", "clickhouse"))


@contextmanager
def entered(name: str, scene: Scene, rows: int) -> Iterator[Entry]:
    """A sink at work over a ClickHouse of its own; at the end, when all rows must be there, they are verified.

    Raises:
        LapFailedError, WrongOutputError: as for the processors.
    """
    scene.folder.mkdir(parents=True)
    table = "bare" if name == BARE else "interactions"
    try:
        with _clickhouse(scene) as (gateway, url, client):
            migrate(client)
            if name == BARE:
                client.command("CREATE TABLE bare AS interactions")
            log = scene.folder / "log"
            with running(_command(name, scene, table, url), _environment(scene, url), log) as process:
                yield Entry(name, process, lambda: _count(client, table), log, {"clickhouse": gateway})
            _verify(client, table, rows)
    finally:
        if name == OURS:
            forget(scene.bootstrap, sink_group(KafkaSettings(bootstrap=scene.bootstrap)))


def _count(client: ClickHouse, table: str) -> int:
    rows: int = client.query(f"SELECT count() FROM {table}").rows[0][0]  # noqa: S608  ours
    return rows


def _verify(client: ClickHouse, table: str, rows: int) -> None:
    [[found, distinct]] = client.query(f"SELECT count(), uniqExact(event_id) FROM {table}").rows  # noqa: S608  ours
    if (found, distinct) != (rows, rows):
        raise WrongOutputError(f"{found} rows, {distinct} distinct, {rows} were expected")


def _command(name: str, scene: Scene, table: str, url: str) -> list[str]:
    if name == OURS:
        return [sys.executable, "-m", "throughline", "sink"]
    arguments = [scene.bootstrap, Topics().timeline, _group(scene), table, url]
    return [sys.executable, "-m", "benchmarks.peers.plain_sink", *arguments]


def _group(scene: Scene) -> str:
    return scene.folder.name.replace(" ", "-")


def _environment(scene: Scene, url: str) -> dict[str, str]:
    return {
        "THROUGHLINE_KAFKA__BOOTSTRAP": scene.bootstrap,
        "THROUGHLINE_CLICKHOUSE__URL": url,
        "THROUGHLINE_DATA_DIR": str(scene.folder / "own"),
        "THROUGHLINE_METRICS__LISTEN": "127.0.0.1:0",
    }
