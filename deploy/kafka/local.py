"""A real Kafka broker on this machine: `python -m deploy.kafka.local start|stop|install`, or `make kafka-start`.

KAFKA_DIR (default .kafka) holds jars, data, log and the pid; KAFKA_PORT (default 9092) is where it listens on
127.0.0.1. The jars come from Maven Central through pom.xml, once.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.ports import free_port

HERE = Path(__file__).parent
START_S = 180.0  # three at once on a busy machine; alone and in quiet it takes 3
STOP_S = 30.0


class KafkaFailedError(Exception):
    """The broker could not be installed or started; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Security:
    """How clients come in; by default anybody, in the clear.

    Attributes:
        protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
        properties: the broker's own, as `ssl.keystore.location`.
        users: names and passwords for SCRAM-SHA-512.
    """

    protocol: str = "PLAINTEXT"
    properties: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)


OPEN = Security()


@dataclass(slots=True)
class LocalKafka:
    """A broker with its own folder and port; the controller listens one port higher unless told otherwise."""

    folder: Path
    port: int
    controller_port: int
    security: Security = OPEN
    is_brief: bool = False  # it runs for a minute or two: what it would gain by better machine code costs more to make
    child: subprocess.Popen[bytes] | None = None  # where it is our own

    @property
    def bootstrap(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    @property
    def jars(self) -> Path:
        """The folder of jars."""
        return self.folder / "lib"

    @property
    def pid_file(self) -> Path:
        """Holds the pid while the broker runs."""
        return self.folder / "kafka.pid"

    def install(self) -> None:
        """Fetch the jars, once for each version of pom.xml.

        Raises:
            KafkaFailedError: Maven failed.
        """
        stamp = self.jars / "pom.xml"
        wanted = (HERE / "pom.xml").read_bytes()
        if stamp.exists() and stamp.read_bytes() == wanted:
            return
        shutil.rmtree(self.jars, ignore_errors=True)
        self.jars.mkdir(parents=True)
        command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
        done = subprocess.run(  # noqa: S603  a fixed command
            [*command, f"-DoutputDirectory={self.jars.resolve()}"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            msg = f"Maven could not fetch Kafka's jars:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            raise KafkaFailedError(msg)
        stamp.write_bytes(wanted)

    def start(self) -> int:
        """Start it, or find it running; returns its pid once it takes connections.

        Raises:
            KafkaFailedError: it ended or did not answer in time.
        """
        if (pid := self.running()) is not None:
            return pid
        self.install()
        properties = self._configure()
        log = self.folder / "kafka.log"
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603  a fixed command
                [*self._java(brief=self.is_brief), "-Xmx512m", "-Xms256m", "kafka.Kafka", str(properties)],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.child = process
        self.pid_file.write_text(str(process.pid))
        deadline = time.monotonic() + START_S
        while not _answers(self.port):
            if process.poll() is not None or time.monotonic() > deadline:
                self.pid_file.unlink(missing_ok=True)
                process.kill()
                msg = f"Kafka did not start:\n{log.read_text(errors='replace')[-3000:]}"
                raise KafkaFailedError(msg)
            time.sleep(0.1)
        return process.pid

    def stop(self, *, kill: bool = False) -> None:
        """Stop it and wait until it is gone; `kill` as a crash would."""
        pid = self.running()
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while self.running() is not None and (self.child is None or self.child.poll() is None):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        if self.child is not None:
            self.child.wait()
            self.child = None
        self.pid_file.unlink(missing_ok=True)

    def running(self) -> int | None:
        """Its pid while it runs."""
        try:
            pid = int(self.pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if str(self.folder.resolve()).encode() in command else None  # not a stranger with its pid

    def _java(self, *, brief: bool) -> list[str]:
        options = ["-XX:+UseG1GC", f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"]
        return ["java", *options, *(["-XX:TieredStopAtLevel=1"] if brief else []), "-cp", f"{self.jars.resolve()}/*"]

    def _configure(self) -> Path:
        data = self.folder.resolve() / "data"
        properties = self.folder / "server.properties"
        template = (HERE / "server.properties").read_text()
        own = {"port": self.port, "controller_port": self.controller_port, "data": data}
        for name, value in {**own, "protocol": self.security.protocol}.items():
            template = template.replace("{" + name + "}", str(value))
        more = [f"{name}={value}\n" for name, value in self.security.properties.items()]
        properties.touch(0o600)  # it may hold passwords
        properties.write_text(template + "".join(more))
        if not (data / "meta.properties").exists():
            java = self._java(brief=True)
            tool = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id(), "-c", str(properties)]
            for name, password in self.security.users.items():
                tool += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
            done = subprocess.run(tool, capture_output=True, text=True, check=False)  # noqa: S603  a fixed command
            if done.returncode:
                msg = f"Kafka's storage could not be formatted:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
                raise KafkaFailedError(msg)
        return properties.resolve()


def cluster_id() -> str:
    """A new id of a cluster, 22 characters; it must not begin with a dash, or Kafka's tool takes it for an option."""
    return "T" + urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22]


@contextmanager
def running_kafka(
    folder: Path, jars: Path | None = None, security: Security = OPEN, *, is_brief: bool = False
) -> Iterator[LocalKafka]:
    """A broker of one's own on free ports, for a test or a benchmark; `jars` is a folder to share them from."""
    folder.mkdir(parents=True, exist_ok=True)
    if jars is not None:
        LocalKafka(jars, 0, 0).install()
        (folder / "lib").symlink_to((jars / "lib").resolve())
    kafka = LocalKafka(folder, free_port(), free_port(), security, is_brief)
    kafka.start()
    try:
        yield kafka
    finally:
        kafka.stop()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main(arguments: list[str]) -> int:
    """`start` or `stop`."""
    port = int(os.environ.get("KAFKA_PORT", "9092"))
    folder = Path(os.environ.get("KAFKA_DIR", ".kafka"))
    kafka = LocalKafka(folder, port, port + 1)
    folder.mkdir(parents=True, exist_ok=True)
    match arguments:
        case ["start"]:
            sys.stderr.write(f"Kafka runs on {kafka.bootstrap}, pid {kafka.start()}\n")
        case ["stop"]:
            kafka.stop()
        case ["install"]:
            kafka.install()
        case _:
            sys.stderr.write("usage: python -m deploy.kafka.local start|stop|install\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
