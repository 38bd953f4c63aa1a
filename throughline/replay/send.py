"""Rejected records, sent again: judged as the front judges, published, and what became of each."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

import orjson

from producers.accept import FOR_EVER
from producers.judge import Judge, Record
from producers.outcomes import Held
from producers.replay import Again, Replayer, Unsent
from producers.sources import Source, build
from schemas.kafka.clients import producer_config
from schemas.records import Rejected
from schemas.settings import ConfigurationError, Settings
from schemas.topics import Topics
from throughline.replay.patch import Patch, PatchError, patched

_FORM: Final = "application/x-www-form-urlencoded"
LOOK_S: Final = 1.0  # between two tries, while Kafka is away


class Publishes(Protocol):
    """What is needed of `producers.publish.Publisher`."""

    async def publish(
        self, records: Sequence[Record], patience: float, headers: dict[str, bytes] | None = None
    ) -> Held | None:
        """Hand records to Kafka; None once all replicas have every one of them."""


@dataclass(slots=True)
class Sent:
    """What becomes of one rejected record.

    Attributes:
        receipts: one for each item in it, as the intake answers.
        records: what goes to Kafka.
        headers: of each of these.
        advice: why it is not sent; empty where it is.
    """

    record: Rejected
    receipts: Sequence[dict[str, Any]] = ()
    records: Sequence[Record] = ()
    headers: dict[str, bytes] = field(default_factory=dict)
    advice: str = ""

    @property
    def verdict(self) -> str:
        """accepted, rejected or unsent; in a dry run also duplicate or id_conflict."""
        if self.advice:
            return "unsent"
        told = {str(receipt["status"]) for receipt in self.receipts}
        return next((one for one in ("rejected", "id_conflict", "accepted") if one in told), "duplicate")

    def described(self, *, whole: bool) -> dict[str, Any]:
        """As JSON; `whole`: with what goes to Kafka."""
        told: dict[str, Any] = {"rejected_id": str(self.record.rejected_id), "verdict": self.verdict}
        told |= {"advice": self.advice} if self.advice else {"receipts": list(self.receipts)}
        if whole:
            told["records"] = [
                {"topic": topic, "key": key.decode(), "value": value.decode()} for topic, key, value in self.records
            ]
        return told


def replayer_of(settings: Settings) -> Replayer:
    """The front as it judges, with the sources whose configuration is complete.

    The others need not be complete on the machine that replays: what came of them is not sent, and says so.
    """
    topics = Topics(settings.kafka.prefix)
    sources: dict[str, Source] = {}
    for name, configured in settings.sources.items():
        try:
            sources |= build(settings.model_copy(update={"sources": {name: configured}}))
        except ConfigurationError:
            continue
    # where the broker is, the size does not depend on
    config = producer_config(settings.kafka.model_copy(update={"bootstrap": "nowhere:9092"}), "replay")
    most = int(config["message.max.bytes"]) - 4096
    return Replayer(sources, Judge(topics, int(settings.http.max_interaction), most), topics)


def judged(replayer: Replayer, record: Rejected, patches: Sequence[Patch]) -> Sent:
    """What would become of a record, with these patches."""
    said = record.headers
    kind = said.get("content-type", "").partition(";")[0].strip().lower()
    is_form = record.stage == "intake" and (kind == _FORM or said.get(":method") == "GET")
    try:
        again = replayer.again(record, partial(patched, patches=patches, is_form=is_form))
    except PatchError as error:
        return Sent(record, advice=str(error))
    match again:
        case Unsent(advice):
            return Sent(record, advice=advice)
        case Again(found, headers):
            return Sent(record, [dict(receipt) for receipt in found.receipts], found.records, dict(headers))


def foretell(sent: Iterable[Sent], stored: dict[str, str]) -> None:
    """Say of what would be accepted whether it is a copy or a conflict; `stored`: fingerprints by event id."""
    for one in sent:
        if one.headers:  # it takes the place of what was refused
            continue
        marks = {key.decode().rpartition(":")[2]: _mark(value) for _, key, value in one.records}
        for receipt in one.receipts:
            there = stored.get(receipt["event_id"] or "")
            if receipt["status"] == "accepted" and there is not None:
                same = marks.get(receipt["event_id"]) in (None, there)
                receipt["status"] = "duplicate" if same else "id_conflict"


def _mark(value: bytes) -> object:
    return orjson.loads(value).get("fingerprint")


async def publish(publisher: Publishes, sent: Sequence[Sent], waits: Callable[[str], None]) -> None:
    """Publish all of them, however long Kafka takes; `waits` is told why nothing moves."""
    plain = [record for one in sent if not one.headers for record in one.records]
    placed = [_landed(publisher, one.records, one.headers, waits) for one in sent if one.headers and one.records]
    await asyncio.gather(_landed(publisher, plain, None, waits), *placed)


async def _landed(
    publisher: Publishes, records: Sequence[Record], headers: dict[str, bytes] | None, waits: Callable[[str], None]
) -> None:
    while records and (held := await publisher.publish(records, FOR_EVER, headers)) is not None:
        waits(held.message)
        await asyncio.sleep(min(held.retry_after, LOOK_S))
