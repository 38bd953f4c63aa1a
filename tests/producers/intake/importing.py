"""What tests of imports share: a Kafka that dies or is away as told, a source, and lines for it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import orjson

from producers.adapters import ROLL
from producers.contract import Bad, Delivery, Draft
from producers.outcomes import Accepted, Held, Outcome, TooLarge
from producers.seal import Origin
from producers.sources import Source
from schemas.settings import KafkaSettings, Settings, SourceSettings


class CrashedError(Exception):
    """Stands for kill -9: nothing after it is done."""


class Kafka:
    """Takes what it is given; dies or is away as told. `landed` is what the world can see."""

    def __init__(self, crash_after: int = -1) -> None:
        self.landed: list[Delivery] = []
        self.calls = 0
        self.away = 0
        self.crash_after = crash_after
        self.too_large: set[bytes] = set()
        self.hangs = False

    async def accept_all(self, source: Source, deliveries: Sequence[Delivery]) -> list[Outcome]:
        self.calls += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            self.away -= 1
            return [Held("unavailable", "Kafka does not answer", "wait", 0) for _ in deliveries]
        outcomes: list[Outcome] = []
        for delivery in deliveries:
            if len(self.landed) == self.crash_after:
                raise CrashedError
            self.landed.append(delivery)
            outcomes.append(self.outcome(source, delivery))
        return outcomes

    def outcome(self, source: Source, delivery: Delivery) -> Outcome:
        if delivery.body in self.too_large:
            return TooLarge("too large to be kept", "send less")
        (item,) = source.adapter.decode(delivery)
        if isinstance(item, Bad):
            return Accepted([{"event_id": None, "message_id": None, "status": "rejected"}])
        assert isinstance(item, Draft)
        return Accepted([{"event_id": None, "message_id": item.message_id, "status": "accepted"}])

    @property
    def bodies(self) -> list[bytes]:
        return [delivery.body for delivery in self.landed]


def source(adapter: str = "jsonl", **config: object) -> Source:
    kind = ROLL[adapter]
    return Source(Origin("default", "shop", adapter), kind(kind.Config.model_validate({"channel": "store"} | config)))


def line(number: int) -> bytes:
    return orjson.dumps({"message_id": f"m{number}", "user_id": "u", "text": "é" * (number % 7)}) + b"\n"


def settings_of(tmp_path: Path, kafka: KafkaSettings | None = None) -> Settings:
    sources = {
        "shop": SourceSettings.model_validate({"adapter": "jsonl", "channel": "store"}),
        "hook": SourceSettings.model_validate({"adapter": "webhook", "channel": "chat", "secret": "whsec_" + "A" * 32}),
        "half": SourceSettings.model_validate({"adapter": "segment"}),
    }
    return Settings(data_dir=tmp_path, sources=sources, kafka=kafka or KafkaSettings())
