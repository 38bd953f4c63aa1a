"""Real brokers from Kafka's jars, with the settings that the compose file gives to its containers."""

import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.local import LocalKafka
from tests.conftest import ROOT
from tests.deploy.docker.composed import Compose
from tests.ports import free_port

_CLIENTS, _CONTROLLERS = 9092, 9093
_OF_THE_IMAGE = ("KAFKA_HEAP_OPTS", "KAFKA_LOG4J_OPTS")


@dataclass(slots=True)
class ComposedBroker(LocalKafka):
    """A broker with a container's environment; `addresses`: what host:port of the compose file is here."""

    environment: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)

    def _configure(self) -> Path:
        data = self.folder.resolve() / "data"
        own = {f"//:{_CLIENTS}": f"//{self.bootstrap}", f"//:{_CONTROLLERS}": f"//127.0.0.1:{self.controller_port}"}
        changed = {**own, **self.addresses, "/var/lib/kafka/data": str(data)}
        lines = [
            f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={replaced(value, changed)}"
            for name, value in self.environment.items()
            if name.startswith("KAFKA_") and name not in _OF_THE_IMAGE
        ]
        properties = self.folder / "server.properties"
        properties.write_text("\n".join(lines))
        tool = [*self._java(brief=True), "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        subprocess.run(
            [*tool, "-t", self.environment["CLUSTER_ID"], "-c", properties], check=True, capture_output=True, timeout=60
        )
        return properties.resolve()


def replaced(text: str, changed: Mapping[str, str]) -> str:
    """The text with each of these replaced."""
    for one, other in changed.items():
        text = text.replace(one, other)
    return text


@contextmanager
def composed_brokers(compose: Compose, folder: Path) -> Iterator[dict[str, ComposedBroker]]:
    """All brokers of a compose file, by the names of their services."""
    jars = LocalKafka(ROOT / ".kafka", 0, 0)
    jars.install()
    brokers: dict[str, ComposedBroker] = {}
    addresses: dict[str, str] = {}
    for name, service in compose.services.items():
        if name.startswith("kafka-"):
            here = folder / name
            here.mkdir(parents=True)
            (here / "lib").symlink_to(jars.jars.resolve())
            broker = ComposedBroker(
                here, free_port(), free_port(), environment=service.environment, addresses=addresses
            )
            addresses[f"{name}:{_CLIENTS}"] = broker.bootstrap
            addresses[f"{name}:{_CONTROLLERS}"] = f"127.0.0.1:{broker.controller_port}"
            brokers[name] = broker
    with ThreadPoolExecutor(len(brokers)) as pool:  # none is ready before most of them are
        try:
            list(pool.map(ComposedBroker.start, brokers.values()))
            yield brokers
        finally:
            list(pool.map(ComposedBroker.stop, brokers.values()))
