"""The metrics of the parts that should run; of one that does not answer, what it left on this machine."""

import socket
import urllib.request
from dataclasses import dataclass, field
from typing import Final, Literal

from prometheus_client.parser import text_string_to_metric_families

from schemas.logged import file_of, left
from schemas.settings import Settings
from schemas.telemetry import PREFIX
from throughline.stack import METRICS_PORTS

Part = Literal["serve", "process", "resolve", "sink"]
PARTS: Final[tuple[Part, ...]] = ("serve", "process", "resolve", "sink")
_TIMEOUT_S: Final = 2
Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class Instance:
    """A process of a part, as it told of itself.

    Attributes:
        part: serve, process, resolve or sink.
        address: host:port of its metrics.
        samples: by the metric's name without our prefix; None where it did not answer.
        errors: where it did not answer: its last errors, and when each was logged, as far as this machine knows.
    """

    part: Part
    address: str
    samples: dict[str, list[tuple[Labels, float]]] | None
    errors: dict[str, float] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether it answers and does not say that it cannot work."""
        return self.samples is not None and all(value for _, value in self.values("ready"))

    def values(self, name: str, **labels: str) -> list[tuple[Labels, float]]:
        """The samples of a metric that have these labels."""
        return [sample for sample in (self.samples or {}).get(name, []) if labels.items() <= sample[0].items()]

    def largest(self, name: str, **labels: str) -> float:
        """The largest of them; 0 where there are none."""
        return max((value for _, value in self.values(name, **labels)), default=0.0)


def scrape(settings: Settings) -> list[Instance]:
    """Ask every process that the configuration names."""
    return [_instance(settings, part, address) for part in PARTS for address in addresses(settings, part)]


def _instance(settings: Settings, part: Part, address: str) -> Instance:
    samples = _asked(address)
    errors = left(file_of(settings.data_dir, part)) if samples is None else {}
    return Instance(part, address, samples, errors)


def addresses(settings: Settings, part: Part) -> list[str]:
    """Where a part's metrics are: `metrics.targets`, else where `up` serves them. A name may stand for several."""
    told = settings.metrics.targets.get(part)
    if told is not None:
        return [address for named in told.split(",") for address in _meant(named.strip())]
    host, _, port = settings.metrics.listen.rpartition(":")
    return [f"{host}:{int(port) + METRICS_PORTS[part]}"]


def _meant(named: str) -> list[str]:
    """Container engines give the addresses of all replicas of a service for its name."""
    host, _, port = named.rpartition(":")
    try:
        found = socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, ValueError):
        return [named]
    several = sorted({str(address[0]) for *_, address in found})
    return [f"{address}:{port}" for address in several] if len(several) > 1 else [named]


def _asked(address: str) -> dict[str, list[tuple[Labels, float]]] | None:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=_TIMEOUT_S) as answer:
            text = answer.read().decode()
    except (OSError, ValueError):
        return None
    samples: dict[str, list[tuple[Labels, float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name.removeprefix(f"{PREFIX}_"), []).append((sample.labels, sample.value))
    return samples
