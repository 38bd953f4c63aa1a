"""Judge: the items of a delivery, decoded, sealed and checked: what goes to Kafka, and what is answered. No I/O."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from producers.contract import Bad, Delivery, Draft, MalformedError
from producers.keep import kept, rejected
from producers.outcomes import Malformed, Receipt, TooLarge
from producers.seal import Sealed, seal_all
from producers.sources import Source
from schemas.fates import Fault, Reason
from schemas.interaction import CHANNELS, Channel
from schemas.records import WHOLE, Rejected
from schemas.telemetry import frames_of, logger
from schemas.topics import Topics

Record = tuple[str, bytes, bytes]  # topic, key, value
_HEAD: Final = 256 << 10  # bytes that are kept of a large item, where the delivery has had one already


@dataclass(slots=True)
class Judged:
    """The items of one delivery, in order: what goes to Kafka, what is answered, and what is counted."""

    records: list[Record] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)  # by channel
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)  # by channel and reason


class Judge:
    """Judges authentic deliveries of any source."""

    def __init__(self, topics: Topics, max_interaction: int, max_record: int) -> None:
        """`max_interaction`, `max_record`: bytes of the largest interaction, and of the largest record of Kafka."""
        self._topics: dict[Channel, str] = {channel: topics.interactions(channel) for channel in CHANNELS}
        self._rejected = topics.rejected
        self._max_interaction = max_interaction
        self._max_record = max_record
        self._log = logger()

    def judge(self, source: Source, delivery: Delivery) -> Judged | Malformed | TooLarge:
        """What becomes of a delivery that is known to be authentic. Never raises on any bytes."""
        judged = Judged()
        try:
            items = list(source.adapter.decode(delivery))
            limit, replay_of = self._max_interaction, delivery.replay_of
            verdicts = seal_all(items, source.origin, delivery.received_at, limit, replay_of)
            for number, (item, verdict) in enumerate(zip(items, verdicts, strict=True)):
                if isinstance(verdict, Sealed):
                    self.take(judged, source.origin.tenant, verdict)
                else:
                    most = _HEAD if judged.rejected else WHOLE
                    self.keep(judged, _record(item, verdict, source, delivery, number=number, most=most))
        except MalformedError as error:
            return Malformed(error.message, error.hint)
        except Exception as error:  # noqa: BLE001  a defect of the adapter: keep the delivery whole, to be replayed
            self.tell(source, "decode", error)
            fault = Fault(Reason.UNDECODABLE, f"the adapter failed: {type(error).__name__}: {error}"[:1000])
            judged = Judged()
            self.keep(judged, rejected(Bad(fault, delivery.whole), source, delivery))
        if any(len(value) > self._max_record for _, _, value in judged.records):
            return TooLarge(
                f"an item that cannot be accepted is too large to be kept: over {self._max_record} bytes", "send less"
            )
        return judged

    def take(self, judged: Judged, tenant: str, sealed: Sealed) -> None:
        """An interaction goes to its channel's topic."""
        event_id = str(sealed.event_id)
        judged.records.append((self._topics[sealed.channel], f"{tenant}:{event_id}".encode(), sealed.value))
        judged.receipts.append({"event_id": event_id, "message_id": sealed.message_id, "status": "accepted"})
        judged.accepted[sealed.channel] += 1

    def keep(self, judged: Judged, record: Rejected) -> None:
        """What is none goes to `interactions.rejected`, unless it is the replay of itself: that is there already."""
        fault = record.fault
        if record.rejected_id != record.replay_of:
            judged.records.append((self._rejected, str(record.rejected_id).encode(), record.encode()))
        receipt: Receipt = {
            "event_id": str(record.event_id) if record.event_id else None,
            "message_id": record.message_id,
            "status": "rejected",
            "rejected_id": str(record.rejected_id),
            "reason": fault.reason.value,
            "detail": fault.detail,
        }
        if fault.path:
            receipt["path"] = fault.path
        judged.receipts.append(receipt)
        judged.rejected[record.channel, fault.reason.value] += 1

    def tell(self, source: Source, what: str, error: Exception) -> None:
        """Log where an adapter failed."""
        self._log.error(
            "adapter_failed",
            source=source.name,
            adapter=source.origin.adapter,
            what=what,
            error=type(error).__name__,
            frames=frames_of(error),
        )


def _record(item: Draft | Bad, bad: Bad, source: Source, delivery: Delivery, *, number: int, most: int) -> Rejected:
    """What is kept of an item, the `number`th of its delivery; `most` bytes of its body."""
    if isinstance(item, Bad):
        return rejected(bad, source, delivery, number=number, most=most)
    whole = replace(bad, body=kept(item, delivery))
    return rejected(whole, source, delivery, channel=item.channel, number=number, most=most)
