"""How long it takes until an alert fires: `python -m tests.integration.alarmed [FAULT...]`.

`throughline up` over real Kafka, a Prometheus with the configuration that is shipped, some deliveries a second. Each
fault is made, watched until an alert fires, and mended; a line for each says what fired after how many seconds, what
`throughline status` said and after how many, and how long after the mending all was quiet.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import httpx
import yaml
from confluent_kafka.admin import AdminClient

from deploy.kafka.local import LocalKafka, running_kafka
from schemas.settings import load
from sinks.clickhouse.client import connect
from tests.deploy.prometheus.rules import HOME, ROOT
from tests.deploy.prometheus.scraping import Prometheus, started, targets_of_up
from tests.integration.running import WRITE_KEY, Installation, install, part_pid, running
from tests.ports import free_ports
from throughline.gateway import access
from throughline.stack import METRICS_PORTS

LONGEST_S: Final = 120.0
QUIET_S: Final = 90.0
LOOK_S: Final = 0.5
EVERY_S: Final = 0.2  # between two deliveries


@dataclass(frozen=True, slots=True)
class World:
    """What runs."""

    installation: Installation
    up: "subprocess.Popen[bytes]"
    broker: LocalKafka
    prometheus: Prometheus

    def firing(self) -> set[str]:
        """The alerts that fire."""
        return {at["alertname"] for at, _ in self.prometheus.query('ALERTS{alertstate="firing"}')}

    def wrong(self) -> set[str]:
        """What `throughline status` finds."""
        done = subprocess.run(
            [sys.executable, "-m", "throughline", "status", "--json"],
            env=self.installation.environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return {str(row["alert"]) for row in map(json.loads, done.stdout.splitlines()) if "alert" in row}

    def send(self, count: int = 1, key: str = WRITE_KEY, **item: object) -> None:
        """Deliver; whatever the answer is."""
        said = {"type": "track", "userId": "u", "event": "Seen", **item}
        batch = [{**said, "messageId": uuid4().hex} for _ in range(count)]
        with suppress(httpx.HTTPError):
            httpx.post(f"{self.installation.http}/v1/batch", json={"batch": batch}, auth=(key, ""), timeout=1)


Fault = Callable[[World, threading.Event], None]  # makes it, and keeps it up until the event; then mends it


def frozen(part: str) -> Fault:
    """A part stands still."""

    def fault(world: World, over: threading.Event) -> None:
        pid = part_pid(world.up, part)
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        over.wait()
        os.kill(pid, signal.SIGCONT)

    return fault


def killed(part: str) -> Fault:
    """A part ends as soon as it is there."""

    def fault(world: World, over: threading.Event) -> None:
        while not over.wait(0.2):
            pid = part_pid(world.up, part)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    return fault


def kafka_frozen(world: World, over: threading.Event) -> None:
    """The broker stands still."""
    pid = world.broker.running()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    over.wait()
    os.kill(pid, signal.SIGCONT)


def kafka_stopped(world: World, over: threading.Event) -> None:
    """The broker ends."""
    world.broker.stop()
    over.wait()
    world.broker.start()


def garbage(world: World, over: threading.Event) -> None:
    """A source sends what is no interaction."""
    while not over.wait(EVERY_S):
        world.send(timestamp="never")


def forged(world: World, over: threading.Event) -> None:
    """Deliveries with a wrong key."""
    while not over.wait(EVERY_S):
        world.send(key="another")


def ten_times(world: World, over: threading.Event) -> None:
    """A source sends ten times as much: nobody need be told."""
    while not over.wait(EVERY_S):
        world.send(10)


def clock_ahead(world: World, over: threading.Event) -> None:
    """The source's clock is three hours ahead."""
    while not over.wait(EVERY_S):
        ahead = datetime.now(UTC) + timedelta(hours=3)
        world.send(timestamp=ahead.isoformat(timespec="milliseconds"))


def topic_deleted(topic: str) -> Fault:
    """Somebody deletes a topic, and makes it again when told."""

    def fault(world: World, over: threading.Event) -> None:
        admin = AdminClient({"bootstrap.servers": world.broker.bootstrap})
        for future in admin.delete_topics([topic]).values():
            future.result()
        over.wait()
        world.installation.run("topics", "create")

    return fault


def done_by_hand(statement: str, undone: str | None = None) -> Fault:
    """Somebody changes ClickHouse's schema; `undone`: how it is mended, by default with `throughline migrate`."""

    def fault(world: World, over: threading.Event) -> None:
        with connect(access.url(load(world.installation.folder / "throughline.toml", {}).settings)) as client:
            client.command(statement)
            over.wait()
            if undone is None:
                world.installation.run("migrate")
            else:
                client.command(undone)

    return fault


def as_before(world: World, over: threading.Event) -> None:
    """A part is stopped in good order and is started again by `up`: nobody need be told."""
    for part in ("sink", "process", "resolve", "gateway"):
        pid = part_pid(world.up, part)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
        if over.wait(25):
            return


FAULTS: Final[Mapping[str, Fault]] = {
    **{f"{part} frozen": frozen(part) for part in ("serve", "process", "resolve", "sink", "gateway")},
    **{f"{part} killed": killed(part) for part in ("serve", "process", "resolve", "sink", "gateway")},
    "Kafka frozen": kafka_frozen,
    "Kafka stopped": kafka_stopped,
    "garbage": garbage,
    "forged": forged,
    "restarts": as_before,
    "ten times as much": ten_times,
    "clock ahead": clock_ahead,
    "raw topic deleted": topic_deleted("interactions.web"),
    "output topic deleted": topic_deleted("timeline.events"),
    "view dropped": done_by_hand("DROP VIEW timeline"),
    "column renamed": done_by_hand(
        "ALTER TABLE interactions RENAME COLUMN agent TO agents",
        "ALTER TABLE interactions RENAME COLUMN agents TO agent",
    ),
    "table detached": done_by_hand("DETACH TABLE identity_map", "ATTACH TABLE identity_map"),
}


def measure(world: World, name: str, fault: Fault) -> dict[str, object]:
    """One fault, from its beginning until all is quiet again."""
    over = threading.Event()
    thread = threading.Thread(target=fault, args=(world, over), daemon=True)
    began = time.monotonic()
    alerts: dict[str, float] = {}
    status: dict[str, float] = {}
    thread.start()
    asking = threading.Thread(target=_ask_status, args=(world, status, began, over), daemon=True)
    asking.start()
    while time.monotonic() - began < LONGEST_S:
        for alert in world.firing() - alerts.keys():
            alerts[alert] = round(time.monotonic() - began, 1)
        if alerts and time.monotonic() - began > max(75.0, *alerts.values()):
            break
        time.sleep(LOOK_S)
    over.set()
    thread.join()
    asking.join()
    mended = time.monotonic()
    while world.firing() and time.monotonic() - mended < QUIET_S:
        time.sleep(LOOK_S)
    quiet = round(time.monotonic() - mended, 1)
    return {"fault": name, "alerts": alerts, "status": status, "quiet_after": quiet, "left": sorted(world.firing())}


def _ask_status(world: World, found: dict[str, float], began: float, over: threading.Event) -> None:
    while not over.wait(5.0) and time.monotonic() - began < LONGEST_S / 2:
        for alert in world.wrong() - found.keys():
            found[alert] = round(time.monotonic() - began, 1)


@contextmanager
def shipped(folder: Path, targets: Mapping[str, str]) -> Iterator[Prometheus]:
    """Prometheus with deploy/prometheus as it is, but for where the parts are."""
    home = folder / "shipped"
    shutil.copytree(HOME, home)
    named = [{"targets": [address], "labels": {"part": part}} for part, address in targets.items()]
    (home / "targets/up.yml").write_text(yaml.safe_dump(named))
    with started(folder, home / "prometheus.yml") as prometheus:
        yield prometheus


def main(names: list[str]) -> int:
    """Measure the faults of these names, or all."""
    with TemporaryDirectory() as name, running_kafka(Path(name) / "broker", ROOT / ".kafka") as broker:
        first = free_ports(len(METRICS_PORTS))
        installation = install(Path(name) / "up", broker.bootstrap, metrics_port=first)
        with running(installation) as up, shipped(Path(name) / "prometheus", targets_of_up(first)) as prometheus:
            world = World(installation, up, broker, prometheus)
            end = threading.Event()
            load = threading.Thread(target=_load, args=(world, end), daemon=True)
            load.start()
            try:
                time.sleep(60)  # rates of the rules have something to look at
                for fault in names or FAULTS:
                    sys.stdout.write(f"{json.dumps(measure(world, fault, FAULTS[fault]))}\n")
                    sys.stdout.flush()
            finally:
                end.set()
                load.join()
    return 0


def _load(world: World, end: threading.Event) -> None:
    while not end.wait(EVERY_S):
        world.send()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
