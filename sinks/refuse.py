"""A record that no table takes becomes a record of `interactions.rejected`, with the raw position that it tells of."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from schemas.fates import Fault, Reason
from schemas.interaction import MAX_SHORT, TIME_TEXT, UUID_TEXT
from schemas.records import CUT, WHOLE, Position, Rejected
from sinks.errors import FatalError

_SPLICED: Final = re.compile(
    rb'\{"subject":"(?:[^"\\]|\\.)*","raw_topic":"([\w.-]{0,249})",'
    rb'"raw_topic_id":"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",'
    rb'"raw_partition":(\d{1,9}),"raw_offset":(\d{1,18}),'
)
_OURS: Final = {"rejected_id", "stage", "reason", "body", "body_encoding", "raw_offset"}


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw record within a record of `timeline.events`."""

    position: Position
    body: bytes


def raw_of(value: bytes, own: Position) -> Raw:
    """The raw record and its position; where they cannot be told, the record itself and where it stands."""
    found = _SPLICED.match(value)
    if found is None:
        return Raw(own, value)
    position = Position(found[1].decode(), UUID(found[2].decode()), int(found[3]), int(found[4]))
    return Raw(position, b"{" + value[found.end() :])


def position_of(value: bytes) -> Position | None:
    """The raw position that a record of an output topic tells of; None where it names none."""
    found = _SPLICED.match(value)
    if found is not None:
        return Position(found[1].decode(), UUID(found[2].decode()), int(found[3]), int(found[4]))
    return _position(_members(value))


def rejected_of(value: bytes, own: Position, detail: str, now: datetime) -> Rejected:
    """What is known of a record that was refused; `own` is where it stands.

    Raises:
        FatalError: it is what this function made before. Then the table and this program do not fit together.
    """
    raw, said = raw_of(value, own), _members(value)
    if said.keys() >= _OURS and said["stage"] == "sink":
        msg = f"ClickHouse does not take rejected records ({detail}); run `throughline migrate`"
        raise FatalError(msg)
    is_whole = len(raw.body) <= WHOLE
    if not is_whole:
        detail = f"{detail}; of {len(raw.body)} bytes the first {WHOLE} are kept"
    position = raw.position
    if position == own:
        position = _position(said) or own
    event_id, message_id = _text(said, "event_id"), _text(said, "message_id")
    return Rejected(
        Fault(Reason.STORE_REFUSED, detail),
        "sink",
        tenant=_text(said, "tenant"),
        source=_text(said, "source"),
        adapter=_text(said, "adapter"),
        channel=_text(said, "channel"),
        received_at=_received_at(said, now),
        body=raw.body[:WHOLE],
        headers={} if is_whole else {CUT: str(len(raw.body))},
        position=position,
        event_id=UUID(event_id) if re.fullmatch(UUID_TEXT, event_id) else None,
        message_id=message_id or None,
    )


def _members(value: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) and len(value) <= MAX_SHORT else ""


def _position(said: dict[str, Any]) -> Position | None:
    """The raw position that a well-formed record names in other order, or that a copy's record names."""
    partition, offset = said.get("raw_partition"), said.get("raw_offset")
    topic, topic_id = _text(said, "raw_topic"), _text(said, "raw_topic_id")
    if not isinstance(partition, int) or not isinstance(offset, int) or not re.fullmatch(UUID_TEXT, topic_id):
        return None
    if not (topic and 0 <= partition < 1 << 31 and 0 <= offset < 1 << 63):
        return None
    return Position(topic, UUID(topic_id), partition, offset)


def _received_at(said: dict[str, Any], now: datetime) -> str:
    """As the record says it, in the one form that every table takes; the time of refusal otherwise."""
    received = _text(said, "received_at")
    if re.fullmatch(TIME_TEXT, received, re.ASCII):
        try:
            moment = datetime.fromisoformat(received.upper())
        except ValueError:
            moment = now
    else:
        moment = now
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
