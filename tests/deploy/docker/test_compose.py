"""docker-compose.yml: what docker compose says of it, what a linter says of it, and what each container keeps to."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.docker.environment import variables
from tests.conftest import ROOT
from tests.deploy.docker.composed import FILE, Compose, Reader

PARTS = ("serve", "process", "resolve", "sink")
JOBS = ("topics", "migrate")
BROKERS = ("kafka-1", "kafka-2", "kafka-3")
OTHERS = ("clickhouse", "prometheus", "grafana")
ALL = (*PARTS, *JOBS, *BROKERS, *OTHERS)


def test_docker_compose_reads_it(compose: Compose, cluster: Compose) -> None:
    assert set(compose.services) == set(ALL) - {"kafka-2", "kafka-3"}
    assert set(cluster.services) == set(ALL)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("  read_only: true", "  readonly: true"),
        ("  read_only: true", "  read_only: sometimes"),
        ("  restart: unless-stopped", "  restart_policy: unless-stopped"),
        ("      topics: { condition", "      topic: { condition"),
        ("condition: service_healthy }", "condition: healthy }"),
        ('"resolve:/var/lib/throughline"', '"nowhere:/var/lib/throughline"'),
    ],
)
def test_what_is_wrong_is_found(reader: Reader, environment_file: Path, tmp_path: Path, right: str, wrong: str) -> None:
    text = FILE.read_text()
    assert right in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(right, wrong))
    assert reader.run(environment_file, file=broken).returncode == 1


def test_it_says_how_to_make_an_env_that_is_missing(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "empty.env").write_text("")
    done = reader.run(tmp_path / "empty.env")
    assert done.returncode == 1
    assert "run make compose-env" in done.stderr


@pytest.mark.slow
def test_the_linter_finds_nothing(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    assert npm, "npm is missing: install Node.js 20 or newer"
    here = Path(__file__).parent / "lint"
    shutil.copy(here / "package.json", tmp_path)
    subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund"],
        cwd=tmp_path,
        check=True,
        timeout=110,
        capture_output=True,
    )
    dclint, rules = tmp_path / "node_modules/.bin/dclint", here / "dclint.json"
    linter = [str(dclint), "--config", str(rules), "--max-warnings", "0"]
    done = subprocess.run([*linter, str(FILE)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    doubled = tmp_path / "docker-compose.yml"
    doubled.write_text(FILE.read_text().replace("127.0.0.1:${PROMETHEUS_PORT:-9090}:", "${PROMETHEUS_PORT:-9090}:"))
    done = subprocess.run([*linter, str(doubled)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, "a port that is open to the world was not found"


@pytest.mark.parametrize("name", ALL)
def test_a_container_is_confined(cluster: Compose, name: str) -> None:
    service = cluster.services[name]
    uid = service.user.partition(":")[0]
    assert uid.isdecimal()
    assert uid != "0"
    assert service.read_only
    assert service.init
    assert not service.privileged
    assert service.cap_drop == ["ALL"]
    assert service.cap_add == []
    assert service.security_opt == ["no-new-privileges:true"]
    limits = service.deploy.resources.limits
    assert limits.cpus
    assert limits.memory
    assert limits.pids


@pytest.mark.parametrize("name", ALL)
def test_its_image_has_a_version(cluster: Compose, name: str) -> None:
    image, _, tag = cluster.services[name].image.partition(":")
    assert tag == "local" if image == "throughline" else re.fullmatch(r"v?\d+\.\d+(\.\d+)?", tag)


def test_one_service_builds_the_image_and_the_others_take_that_alone(cluster: Compose) -> None:
    """Builds run beside one another: two that export one name fail, on the first machine that has no such image yet."""
    ours = {name: service for name, service in cluster.services.items() if service.image.startswith("throughline:")}
    assert set(ours) == {*PARTS, *JOBS}
    assert [name for name, service in ours.items() if service.build] == ["serve"]
    assert {service.pull_policy for service in ours.values()} == {"never"}


@pytest.mark.parametrize("name", BROKERS)
def test_a_broker_logs_nothing_into_its_memory(cluster: Compose, name: str) -> None:
    """Of itself the image writes hourly logs, and one of garbage collections, where we have a tmpfs."""
    broker = cluster.services[name]
    [logging] = [mount.target for mount in broker.volumes if mount.type == "bind"]
    assert broker.environment["KAFKA_LOG4J_OPTS"] == f"-Dlog4j2.configurationFile={logging}"
    assert "-loggc" not in broker.environment["EXTRA_ARGS"]
    assert all("size=" in entry for entry in broker.tmpfs)


@pytest.mark.parametrize("name", BROKERS)
def test_a_broker_can_load_its_codecs(cluster: Compose, name: str) -> None:
    """Snappy and zstd are libraries that Java puts into /tmp first; engines mount a tmpfs with noexec."""
    assert any(entry.startswith("/tmp:exec") for entry in cluster.services[name].tmpfs)


@pytest.mark.parametrize("name", ALL)
def test_it_is_started_again_and_looked_after(cluster: Compose, name: str) -> None:
    service = cluster.services[name]
    if name in JOBS:
        assert service.restart == "on-failure:10"
        assert service.healthcheck.disable
    else:
        assert service.restart == "unless-stopped"
        assert service.healthcheck.test[0] == "CMD"


@pytest.mark.parametrize("name", ALL)
def test_its_ports_are_open_on_this_machine_alone(cluster: Compose, name: str) -> None:
    assert [port for port in cluster.services[name].ports if port.host_ip != "127.0.0.1"] == []


@pytest.mark.parametrize("name", ALL)
def test_it_waits_for_what_it_needs_and_for_nothing_that_may_not_be_there(cluster: Compose, name: str) -> None:
    for other, dependency in cluster.services[name].depends_on.items():
        expected = "service_completed_successfully" if other in JOBS else "service_healthy"
        assert dependency.condition == expected
        assert dependency.required == (other not in ("kafka-2", "kafka-3"))


def test_every_file_that_is_mounted_is_there_and_cannot_be_written(cluster: Compose) -> None:
    bound = [mount for service in cluster.services.values() for mount in service.volumes if mount.type == "bind"]
    assert bound
    for mount in bound:
        assert mount.read_only
        assert Path(mount.source).exists(), mount.source


def test_what_is_kept_is_in_a_volume_of_its_own(cluster: Compose) -> None:
    kept = {name: {m.source for m in s.volumes if m.type == "volume"} for name, s in cluster.services.items()}
    own = {*BROKERS, *OTHERS, "process", "resolve"}
    assert kept == {name: {name} if name in own else set() for name in ALL}
    assert set(cluster.volumes) == own


def test_no_password_stands_in_the_file() -> None:
    text = FILE.read_text()
    for name in variables(1):
        assert f"${{{name}:?run make compose-env}}" in text, name
    assert re.findall(r"(?i)(?:password|secret|write_key)\S*: (?!\$\{)\S*\w", text) == []


def test_the_write_key_is_told_to_the_intake_alone(cluster: Compose) -> None:
    told = [
        name for name, service in cluster.services.items() if any("WRITE_KEY" in key for key in service.environment)
    ]
    assert told == ["serve"]


def test_parts_share_one_configuration(cluster: Compose) -> None:
    shared = [set(cluster.services[name].environment.items()) for name in (*PARTS, *JOBS)]
    assert dict(set.intersection(*shared)).keys() == cluster.services["process"].environment.keys()
    assert cluster.services["process"].environment["THROUGHLINE_KAFKA__REPLICATION"] == "3"


def test_three_brokers_form_one_cluster(cluster: Compose) -> None:
    brokers = {name: cluster.services[name].environment for name in BROKERS}
    for number, (name, environment) in enumerate(brokers.items(), 1):
        assert environment["KAFKA_NODE_ID"] == str(number)
        assert environment["KAFKA_ADVERTISED_LISTENERS"] == f"INTERNAL://{name}:9092"
        assert f"{number}@{name}:9093" in environment["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
    assert len({environment["CLUSTER_ID"] for environment in brokers.values()}) == 1


def test_the_docker_folder_names_no_version_that_another_file_contradicts() -> None:
    pinned = re.search(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())
    assert pinned
    assert f"uv=={pinned[1]}" in (ROOT / "deploy/docker/Dockerfile").read_text()
    jars = re.search(
        r"<artifactId>kafka_2.13</artifactId>\s*<version>(\S+)</version>", (ROOT / "deploy/kafka/pom.xml").read_text()
    )
    assert jars
    assert f"apache/kafka:{jars[1]}" in FILE.read_text()
