"""The parts as docker-compose.yml runs them, without an engine: command, environment, user, rights, files, health.

Kafka is three real brokers with the file's settings, ClickHouse the embedded gateway with the file's users.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson
import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.kafka.clients import sink_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.clickhouse.client import connect
from tests.conftest import ROOT
from tests.deploy.docker.brokers import ComposedBroker, composed_brokers, replaced
from tests.deploy.docker.composed import Compose
from tests.deploy.docker.confined import INSTALLED, Container, Image
from tests.ports import free_port
from tests.waiting import until
from throughline.gateway.house import FULL, READER, house
from throughline.gateway.running import running_gateway

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.chdb, pytest.mark.timeout(900)]
PATIENCE_S = 180.0
STORED = "SELECT count() AS rows, uniqExact(message_id) AS messages, uniqExact(profile_id) AS customers FROM timeline"
TABLES = (
    "SELECT name FROM system.tables"
    " WHERE database = 'throughline' AND engine LIKE '%MergeTree' AND name != 'migrations'"
)
PARTS = ("serve", "process", "resolve", "sink")


@dataclass(slots=True)
class Composition:
    """What runs."""

    compose: Compose
    brokers: dict[str, ComposedBroker]
    image: Image
    folder: Path
    addresses: dict[str, str]
    containers: dict[str, Container] = field(default_factory=dict)

    def container(self, service: str, replica: int = 1) -> Container:
        """A container of a service, not yet started; its ports are free ones of this machine."""
        ports = {port: f"127.0.0.1:{free_port()}" for port in ("0.0.0.0:8080", "0.0.0.0:2525", "0.0.0.0:9464")}
        if replica == 1:  # the one that the others know by the service's name
            ports["0.0.0.0:9464"] = self.addresses.get(f"{service}:9464", ports["0.0.0.0:9464"])
        described = self.compose.services[service]
        environment = {name: replaced(text, self.addresses | ports) for name, text in described.environment.items()}
        name = f"{service}-{replica}"
        made = Container(name, described, environment, self.image, self.folder / name, self.folder / "volumes")
        self.containers[name] = made
        return made

    def rows(self, query: str) -> list[dict[str, object]]:
        """The rows of a query, asked in a container of its own."""
        return [orjson.loads(line) for line in self.containers["serve-1"].run("sql", "--json", query).splitlines()]

    def send(self, messages: list[dict[str, object]]) -> None:
        """Send a batch, again while it is not accepted."""
        serve = self.containers["serve-1"]
        address = f"http://{serve.environment['THROUGHLINE_HTTP__LISTEN']}/v1/batch"
        key = serve.environment["THROUGHLINE_SOURCES__WEB__WRITE_KEY"]

        def is_accepted() -> bool:
            return httpx.post(address, json={"batch": messages}, auth=(key, ""), timeout=30).status_code == 200

        until(is_accepted, PATIENCE_S)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """What the Dockerfile's build stage leaves, made by its own commands from what .dockerignore lets in."""
    folder = tmp_path_factory.mktemp("image")
    source, installed = folder / "source", folder / "installed"
    for name in context():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).symlink_to(ROOT / name)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "UV_PYTHON": sys.executable,
    }
    for step in ("libraries", "program"):
        subprocess.run([source / "deploy/docker/install.sh", step, installed], check=True, env=environment, timeout=110)
    return Image(installed, {"PATH": f"{INSTALLED}/bin:/usr/bin:/bin", "PYTHONUNBUFFERED": "1"})


def context() -> list[str]:
    """The tracked files that .dockerignore lets into the build."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    wanted = [line[1:] for line in lines if line.startswith("!")]
    listed = subprocess.run(["git", "ls-files", "--", *wanted], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()


@pytest.fixture(scope="module")
def composition(cluster: Compose, image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    """Everything up, in the order of the file."""
    folder = tmp_path_factory.mktemp("composed")
    folder.chmod(0o755)
    passwords = cluster.services["clickhouse"].environment
    home = house(folder / "clickhouse")
    home.users.write_text(
        json.dumps(
            {FULL: passwords["CLICKHOUSE_PASSWORD_THROUGHLINE"], READER: passwords["CLICKHOUSE_PASSWORD_READER"]}
        )
    )
    with composed_brokers(cluster, folder / "kafka") as brokers, running_gateway(folder / "clickhouse") as url:
        addresses = {f"{name}:9092": broker.bootstrap for name, broker in brokers.items()}
        addresses |= {f"{part}:9464": f"127.0.0.1:{free_port()}" for part in PARTS}
        addresses["clickhouse:8123"] = url.rpartition("@")[2].partition("/")[0]
        running = Composition(cluster, brokers, image, folder, addresses)
        try:
            for job in ("topics", "migrate"):
                container = running.container(job)
                container.run(*(container.service.command or []))
            for part in PARTS:
                running.container(part).start()
            for part in PARTS:
                until(running.containers[f"{part}-1"].is_healthy, PATIENCE_S)
            yield running
        finally:
            for container in running.containers.values():
                container.kill()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_nobody_and_may_do_nothing(composition: Composition, part: str) -> None:
    container = composition.containers[f"{part}-1"]
    if os.geteuid() == 0:
        assert set(container.status("Uid").split()) == {"10001"}
    assert int(container.status("CapEff"), 16) == 0
    assert int(container.status("CapBnd"), 16) == 0
    assert container.status("NoNewPrivs") == "1"


def test_the_file_system_cannot_be_written(composition: Composition) -> None:
    container = composition.containers["serve-1"]
    script = (
        "import pathlib\n"
        "for path in ('/x', '/opt/throughline/x', '/usr/x', '/etc/throughline/throughline.toml'):\n"
        "    try: pathlib.Path(path).write_text('')\n"
        "    except OSError as error: print(error.errno)\n"
    )
    shell = Container(**{
        name: getattr(container, name) for name in ("name", "service", "environment", "root", "volumes")
    }, image=Image(container.image.installed, container.image.environment, ("python",)))  # fmt: skip
    assert shell.run("-c", script).split() == ["30"] * 4


def test_the_status_finds_every_part(composition: Composition) -> None:
    def told() -> set[tuple[object, object]]:
        told = map(
            orjson.loads, composition.containers["serve-1"].run("status", "--json", statuses=(0, 1)).splitlines()
        )
        return {(row["part"], row["state"]) for row in told if "part" in row}

    until(lambda: told() == {(part, "up") for part in PARTS}, PATIENCE_S)


def test_a_second_run_of_the_jobs_changes_nothing(composition: Composition) -> None:
    assert composition.container("topics", 2).run("topics", "create") == ""
    assert composition.container("migrate", 2).run("migrate") == ""
    assert composition.container("topics", 3).run("topics", "check") == ""


def test_replicas_and_brokers_come_and_go(composition: Composition) -> None:
    sent: list[dict[str, object]] = [
        {"type": "track", "userId": f"u{n % 7}", "anonymousId": f"a{n % 14}", "event": "E", "messageId": f"m{n}"}
        for n in range(200)
    ]
    composition.send(sent[:50])
    seconds = [composition.container(part, 2) for part in ("process", "resolve")]
    for second in seconds:
        second.start()
    for second in seconds:
        until(second.is_healthy, PATIENCE_S)
    composition.send(sent[50:100])
    composition.brokers["kafka-3"].stop(kill=True)
    composition.send(sent[100:150])
    for part in ("process", "resolve"):
        assert composition.containers[f"{part}-1"].stop() == 0
    composition.send(sent[150:])
    composition.brokers["kafka-3"].start()
    until(lambda: composition.rows(STORED) == [{"rows": 200, "messages": 200, "customers": 7}], PATIENCE_S)


def test_rows_that_clickhouse_lost_come_again_from_kafka(composition: Composition) -> None:
    before = composition.rows(STORED)
    assert composition.containers["sink-1"].stop() == 0
    with connect(composition.containers["serve-1"].environment["THROUGHLINE_CLICKHOUSE__URL"]) as client:
        for (table,) in client.query(TABLES).rows:
            client.command(f"TRUNCATE TABLE `{table}`")
    assert composition.rows(STORED) == [{"rows": 0, "messages": 0, "customers": 0}]
    kafka = KafkaSettings(bootstrap=composition.addresses["kafka-1:9092"])
    offsets = KafkaOffsets(kafka, "test")
    begins = [TopicPartition(*at, 0) for at in offsets.ends(Topics().stored)]
    group = ConsumerGroupTopicPartitions(sink_group(kafka), begins)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    [future] = admin.alter_consumer_group_offsets([group]).values()
    future.result(60)
    composition.container("sink", 2).start()
    until(lambda: composition.rows(STORED) == before, PATIENCE_S)
    composition.containers["serve-1"].run("audit")


def test_a_part_ends_in_its_time(composition: Composition) -> None:
    for part in reversed(PARTS):
        running = [c for c in composition.containers.values() if c.service.command == [part] and c.process]
        assert running
        for container in running:
            if container.process is not None and container.process.poll() is None:
                assert container.stop() == 0, container.log.read_text()[-3000:]
