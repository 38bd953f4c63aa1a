"""An installation of its own on a shared broker and a shared ClickHouse: topics, database, and parts as processes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import create
from schemas.kafka.clients import process_group, resolve_group, sink_group
from schemas.settings import KafkaSettings, load
from schemas.topics import Topics
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from tests.chaos.load import Ledger, Recipe, Sender
from tests.chaos.nursery import Nursery
from tests.chaos.parts import Part
from tests.chaos.wire import Wire, wire
from tests.integration.running import Installation, install
from throughline.kafka import wait_until_consumed

FREE: Final = "16MiB"  # the disks of the suite are small
PARTS: Final = ("serve", "process", "resolve", "sink")
SETTLE_S: Final = 300.0
# A member that was killed is missed after its session: short, or each kill would cost many seconds.
SESSION: Final = {"session.timeout.ms": "3000", "heartbeat.interval.ms": "500"}
BROKER: Final = {"group.min.session.timeout.ms": "1000"}
Migrate = Callable[[ClickHouse], object]


@dataclass
class World:
    """What a run works on.

    Attributes:
        wire: what the sink takes for ClickHouse.
        store: ClickHouse itself.
        off: protections that are off in every part.
        stores: the folder of the parts' stores, where it is not in the installation's.
        ledger: what was sent and answered.
    """

    installation: Installation
    kafka: KafkaSettings
    nursery: Nursery
    wire: Wire
    store: ClickHouse
    off: tuple[str, ...] = ()
    stores: Path | None = None
    ledger: Ledger = field(default_factory=Ledger)
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def topics(self) -> Topics:
        """The names of its topics."""
        return Topics(self.kafka.prefix)

    def part(self, name: str) -> Part:
        """A part, by its name; each has a folder of its own for its stores."""
        if name not in self.parts:
            own = {"THROUGHLINE_CLICKHOUSE__URL": self.wire.url, "THROUGHLINE_DATA_DIR": str(self.data_of(name))}
            log = self.installation.folder / f"{name}.log"
            self.parts[name] = Part(name, self.nursery, self.installation.environment | own, log)
            self.parts[name].off = self.off
        return self.parts[name]

    def data_of(self, name: str) -> Path:
        """The folder of a part's stores."""
        return (self.stores or self.installation.folder / "stores") / name

    def start(self, *names: str) -> None:
        """Start parts that do not run."""
        for name in names or PARTS:
            self.part(name).start()

    def run(self, command: str) -> int:
        """Run a command of ours to its end; its exit status. What it says is in its log."""
        part = Part(command, self.nursery, self.installation.environment, self.installation.folder / f"{command}.log")
        part.start()
        return part.await_end()

    def send(self, recipe: Recipe, pause_s: float = 0.0) -> Sender:
        """Begin to send."""
        return Sender(self.installation.http, recipe, self.ledger, pause_s).start()

    def settle(self) -> None:
        """Wait until all that is in Kafka has gone its way, through the parts that this world has."""
        groups = {
            "process": (process_group(self.kafka), self.topics.raw),
            "resolve": (resolve_group(self.kafka), (self.topics.evidence,)),
            "sink": (sink_group(self.kafka), self.topics.stored),
        }
        for name, (group, topics) in groups.items():
            if name not in self.parts:
                continue
            behind = wait_until_consumed(self.kafka, group, topics, SETTLE_S)
            assert not behind, f"{group} is {behind} records behind; {self.tell()}"

    def tell(self) -> str:
        """How every part ended, and the ends of their logs."""
        return "\n".join(f"{name} {part.ends}:\n{part.said(1500)}" for name, part in self.parts.items())

    def close(self) -> None:
        """Kill what still runs."""
        for part in self.parts.values():
            part.kill()


def until(condition: Callable[[], bool], what: str | Callable[[], str], within_s: float = SETTLE_S) -> None:
    """Wait for a condition; `what` it is, for a person."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"never: {what if isinstance(what, str) else what()}")
        time.sleep(0.05)


@contextmanager
def world(
    nursery: Nursery,
    bootstrap: str,
    clickhouse: str,
    folder: Path,
    *,
    partitions: int = 2,
    off: tuple[str, ...] = (),
    schema: Migrate = migrate,
) -> Iterator[World]:
    """Topics, a database with a schema, and a wire to it; nothing runs yet. `off`: protections, in every part."""
    database, prefix = f"t{uuid4().hex}", f"t{uuid4().hex[:8]}."
    url = urlsplit(clickhouse)._replace(path=f"/{database}").geturl()
    installation = install(folder, bootstrap, prefix, keys=SESSION | {"partitions": str(partitions)}, clickhouse=url)
    with (folder / "throughline.toml").open("a") as more:
        more.write(f'[limits]\nfree_disk = "{FREE}"\n')
    kafka = load(folder / "throughline.toml", {}).settings.kafka
    create(AdminClient({"bootstrap.servers": bootstrap}), Topics(prefix).specs(partitions, 1))
    with connect(url) as store, wire(url) as line:
        schema(store)
        made = World(installation, kafka, nursery, line, store, off)
        try:
            yield made
        finally:
            made.close()
            store.command(f"DROP DATABASE IF EXISTS {database}", use_database=False)


def stop_merges(store: ClickHouse) -> None:
    """From now on rows lie as they were inserted: how often each was can be counted."""
    tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    for (table,) in store.query(tables).rows:
        store.command(f"SYSTEM STOP MERGES `{store.database}`.`{table}`")
