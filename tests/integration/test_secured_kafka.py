"""Every part through a Kafka that asks for TLS and a password, with nothing but keys of [kafka]."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate
from tests.conftest import ROOT
from tests.integration.running import Installation, install, running
from tests.secured import PASSWORD, SecuredKafka, certificate_authority, secured_kafka
from throughline.gateway.running import running_gateway

WRONG = "hunter2"
pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.chdb]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("secured") / "kafka", ROOT / ".kafka") as kafka:
        yield kafka


def installed(secured: SecuredKafka, folder: Path, **other: str) -> Installation:
    return install(folder, secured.broker.bootstrap, keys=secured.keys | other)


def test_all_parts_work_through_it(secured: SecuredKafka, tmp_path: Path) -> None:
    installation = installed(secured, tmp_path)
    with running(installation):
        assert installation.run("topics", "check") == ""
        message: dict[str, object] = {"type": "track", "userId": "u", "event": "E"}
        installation.send([message | {"messageId": f"m{number}"} for number in range(100)])
        installation.send([message | {"messageId": "m0"}])
        fates = "SELECT countIf(fate = 'stored') AS stored, countIf(fate = 'duplicate') AS duplicates FROM fates"
        installation.until(fates, {"stored": 100, "duplicates": 1})


def refused(installation: Installation, *command: str) -> str:
    """What a command says as it ends because of its configuration; no password is in what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "throughline", *command],
        env=installation.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    for unwanted in ("Traceback", WRONG, PASSWORD):
        assert unwanted not in done.stderr
    return next(line for line in done.stderr.splitlines() if line.startswith("configuration: "))


COMMANDS = (("serve",), ("process",), ("resolve",), ("topics", "check"), ("up",))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_wrong_password_is_told(secured: SecuredKafka, tmp_path: Path, command: tuple[str, ...]) -> None:
    said = refused(installed(secured, tmp_path, **{"sasl.password": WRONG}), *command)
    assert "Authentication failed" in said
    assert "kafka.sasl.*" in said


def test_the_sink_tells_it_too(secured: SecuredKafka, tmp_path: Path) -> None:
    with running_gateway(tmp_path / "clickhouse") as url:
        with connect(url) as client:
            migrate(client)
        keys = secured.keys | {"sasl.password": WRONG}
        said = refused(install(tmp_path, secured.broker.bootstrap, keys=keys, clickhouse=url), "sink")
    assert "Authentication failed" in said


def test_a_broker_that_is_not_trusted_is_told(secured: SecuredKafka, tmp_path: Path) -> None:
    other, _, _ = certificate_authority(tmp_path, "other")
    said = refused(installed(secured, tmp_path, **{"ssl.ca.location": str(other)}), "process")
    assert "certificate verify failed" in said
    assert "kafka.ssl.*" in said


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("ssl.ca.location", "/none.pem", "ssl.ca.location"),
        ("sasl.mechanism", "SCRUM", "SCRUM"),
        ("security.protcol", "SSL", "security.protcol"),
        ("socket.timeout.ms", "soon", "socket.timeout.ms"),
    ],
)
def test_a_key_that_cannot_be_used_is_told(
    secured: SecuredKafka, tmp_path: Path, key: str, value: str, told: str
) -> None:
    assert told in refused(installed(secured, tmp_path, **{key: value}), "serve")
