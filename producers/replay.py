"""Replay: the story of what was rejected and goes through the front again.

    rejected record, perhaps patched -> the way back in -> decode, seal and check -> publish

What the intake rejected is a delivery again: the adapter of its source decodes it, with the time of its receipt, so
that it gets the ids that it would have had. What was rejected later is an interaction, and is checked as it is.

No signature is asked for. What fails verification is never kept, so whatever is in `rejected` was authentic when it
came; its signature was kept out, and would not cover a patched body. Who may write to Kafka may do more than this.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson

from producers.contract import Delivery
from producers.json_text import write
from producers.judge import Judge, Judged
from producers.outcomes import Malformed, TooLarge
from producers.seal import Sealed
from producers.sources import Source
from schemas.check import check
from schemas.fates import Fault, Reason
from schemas.headers import INSTEAD_OF
from schemas.ids import event_id, fingerprint
from schemas.records import BEFORE_KAFKA, CUT, Rejected
from schemas.topics import Topics

RECORD: Final = "KAFKA"  # as `:method`: the body is an interaction, not a delivery
_PLACE: Final = f":{INSTEAD_OF}"
_POSITION: Final = ("subject", "raw_topic", "raw_topic_id", "raw_partition", "raw_offset")
_NOT_SENT: Final = {"first_offset", "rejected_id"}  # members of duplicates and of rejected records
_MADE_OF: Final = ("tenant", "source", "message_id")  # what an event id is made of


@dataclass(frozen=True, slots=True)
class Unsent:
    """Why a record is not sent again; nothing has changed."""

    advice: str


@dataclass(frozen=True, slots=True)
class Again:
    """What a record becomes: what goes to Kafka, with which headers, and what is told."""

    judged: Judged
    headers: Mapping[str, bytes]


class Replayer:
    """Judges rejected records as if they came now."""

    def __init__(self, sources: Mapping[str, Source], judge: Judge, topics: Topics) -> None:
        self._sources = sources
        self._judge = judge
        self._topics = topics

    def again(self, record: Rejected, mend: Callable[[bytes], bytes] = bytes) -> Again | Unsent:
        """What becomes of a record whose body `mend` has mended. Raises what `mend` raises, and nothing else."""
        if size := record.headers.get(CUT):
            kept = len(record.body)
            return Unsent(f"of its {size} bytes only the first {kept} were kept: have the sender send it again")
        body = mend(record.body)
        if record.stage == "intake" and record.headers.get(":method") != RECORD:
            return self._delivery(record, body)
        if record.stage == "sink" and record.position.topic not in self._topics.raw:
            return Unsent(f"a record of {record.position.topic} is no interaction: mend whoever wrote it")
        return self._interaction(record, body)

    def _delivery(self, record: Rejected, body: bytes) -> Again | Unsent:
        source = self._sources.get(record.source)
        if source is None:
            return Unsent(f"no such source: add [sources.{record.source}] with its keys (adapter {record.adapter})")
        was = f"{record.adapter} of tenant {record.tenant}"
        now = f"{source.origin.adapter} of tenant {source.origin.tenant}"
        if was != now:
            return Unsent(f"source {record.source} was {was}, and is {now} now: its ids would be others")
        judged = self._judge.judge(source, delivery_of(record, body))
        match judged:
            case Malformed(message, hint) | TooLarge(message, hint):
                return Unsent(f"{message}; {hint}")
            case _ if not judged.receipts:
                return Unsent("there is no interaction in it")
        return Again(judged, {})

    def _interaction(self, record: Rejected, body: bytes) -> Again | Unsent:
        judged, place = Judged(), _place_of(record)
        said = _members(body)
        if said is not None and said.keys() & _NOT_SENT:
            return Unsent("it tells of another record: send that one again, where it was rejected")
        if said is not None:
            was = _members(record.body) or {}
            said = _with_its_ids(said, was) | {"replay_of": str(record.rejected_id)}
        value = body if said is None else write(said)
        checked = check(value)
        if isinstance(checked, Fault):
            self._judge.keep(judged, _rejected_again(record, body, checked, place))
        elif record.fault.reason is Reason.ID_CONFLICT and checked.event_id == record.event_id:
            return Unsent(
                "other content with its id came before, and it would be the same conflict again: "
                "give it an id of its own, as --patch 'message_id=...'"
            )
        else:
            sealed = Sealed(checked.channel, checked.event_id, checked.message_id, value)
            self._judge.take(judged, checked.tenant, sealed)
        return Again(judged, {INSTEAD_OF: place.encode()} if place else {})


def delivery_of(record: Rejected, body: bytes) -> Delivery:
    """The delivery that the intake rejected, with its time and its headers, secrets left out."""
    said = record.headers
    method, path, query = (said.get(name, "") for name in (":method", ":path", ":query"))
    if method == "GET":
        query, body = body.decode(errors="replace"), b""
    return Delivery(
        method=method,
        path=path,
        query=query,
        headers={name: value for name, value in said.items() if not name.startswith(":")},
        body=body,
        received_at=datetime.fromisoformat(record.received_at),
        url=f"{path}?{query}" if query else path,
        first=int(said.get(":first", "0")),
        replay_of=record.rejected_id,
    )


def _place_of(record: Rejected) -> str:
    """The position of the interaction that ClickHouse refused: the processor has to let its successor pass."""
    return record.position.text if record.stage == "sink" else record.headers.get(_PLACE, "")


def _members(value: bytes) -> dict[str, Any] | None:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict):
        return None
    if document.keys() >= set(_POSITION):  # a record of timeline.events: what the processor put in front is made anew
        return {name: member for name, member in document.items() if name not in _POSITION}
    return document


def _with_its_ids(said: dict[str, Any], was: Mapping[str, Any]) -> dict[str, Any]:
    """The interaction with the event id and the fingerprint of what it says now, where they were not patched."""
    if said.get("event_id") == was.get("event_id") and any(said.get(name) != was.get(name) for name in _MADE_OF):
        tenant, source, message = (said.get(name) for name in _MADE_OF)
        if isinstance(tenant, str) and isinstance(source, str) and isinstance(message, str):
            said = said | {"event_id": str(event_id(tenant, source, message))}
    if said != was and "fingerprint" in was and said.get("fingerprint") == was["fingerprint"]:
        plain = {name: member for name, member in said.items() if name != "fingerprint"}
        try:
            said = plain | {"fingerprint": fingerprint(plain)}
        except orjson.JSONEncodeError:  # nested too deep: the check says so
            return said
    return said


def _rejected_again(record: Rejected, body: bytes, fault: Fault, place: str) -> Rejected:
    headers = {name: value for name, value in record.headers.items() if not name.startswith(":")}
    return replace(
        record,
        fault=fault,
        stage="intake",
        body=body,
        headers=headers | {":method": RECORD} | ({_PLACE: place} if place else {}),
        position=BEFORE_KAFKA,
        replay_of=record.rejected_id,
    )
