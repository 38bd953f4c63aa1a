"""Doubles for tests of the intake: an adapter that does what a test tells it, a publisher that keeps what it gets."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Literal

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from producers.accept import Acceptor
from producers.contract import Adapter, Bad, Delivery, Draft, Refused, Reply, SourceConfig
from producers.judge import Record
from producers.outcomes import Held
from producers.seal import Origin
from producers.sources import Source
from schemas.interaction import Channel
from schemas.telemetry import Metrics
from schemas.topics import Topics

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
Decode = Callable[[Delivery], Iterable[Draft | Bad]]


class DoubleConfig(SourceConfig):
    write_key: SecretStr
    region: str = "eu"


class Double(Adapter[DoubleConfig]):
    name = "double"
    channels: ClassVar[frozenset[Channel]] = frozenset({"chat"})
    intake: ClassVar[Literal["http", "smtp", "file"]] = "http"
    Config = DoubleConfig

    def __init__(self, config: DoubleConfig) -> None:
        super().__init__(config)
        self.decoding: Decode = lambda delivery: [draft(delivery.body.decode())]
        self.refusal: Refused | None = None
        self.challenge: Reply | None = None
        self.demanded: Reply | None = None

    def verify(self, delivery: Delivery) -> Refused | None:
        return self.refusal

    def decode(self, delivery: Delivery) -> Iterable[Draft | Bad]:
        return self.decoding(delivery)

    def handshake(self, delivery: Delivery) -> Reply | None:
        return self.challenge

    def reply(self) -> Reply | None:
        return self.demanded


class KeptPublisher:
    """Takes everything, or nothing where it is told so."""

    max_record = 1 << 20

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.patience: float = -1
        self.failure: Held | None = None

    async def publish(self, records: Sequence[Record], patience: float) -> Held | None:
        self.patience = patience
        if self.failure is None:
            self.records += records
        return self.failure


def draft(message_id: str | None = "m1", **members: object) -> Draft:
    made = Draft("chat", "message", message_id, None, [("email", "Ada@Example.com")])
    for name, value in members.items():
        setattr(made, name, value)
    return made


def delivery(body: bytes = b"m1", /, **headers: str) -> Delivery:
    return Delivery("POST", "/sources/shop", "", headers, body, NOW)


def source(name: str = "shop") -> Source:
    return Source(Origin("default", name, "double"), Double(DoubleConfig(write_key=SecretStr(f"key-{name}"))))


def double(of: Source) -> Double:
    assert isinstance(of.adapter, Double)
    return of.adapter


def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def acceptor(publisher: KeptPublisher, measured: Metrics | None = None, max_interaction: int = 1 << 18) -> Acceptor:
    return Acceptor(publisher, Topics(), max_interaction, measured or metrics())
