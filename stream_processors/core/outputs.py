"""The bytes that go out: functions of a record, its place and its verdict alone, so that a replay gives the same."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from schemas.check import Checked
from schemas.fates import Fault, Reason
from schemas.headers import masked
from schemas.identified import Identified
from schemas.interaction import MAX_SHORT, is_name
from schemas.records import CUT, WHOLE, Duplicate, Position, Rejected
from stream_processors.core.memory import First
from stream_processors.core.raw import Headers, Raw

Output = tuple[bytes, bytes]  # key, value of a record
_BRACE: Final = ord("{")
_LAST_MS: Final = 4_102_444_799_999  # the last moment of 2099


def place(raw: Raw) -> bytes:
    """The members that say where a record stands, up to its offset."""
    members = orjson.dumps(raw.position(0).as_members() if raw.offsets else {})
    return b"," + members[1 : members.rindex(b":") + 1]


def timeline(who: Identified, value: bytes, where: bytes, offset: int) -> Output:
    """`timeline.events`: the interaction as it came, its subject and raw position spliced in front."""
    body = value[1:] if value[0] == _BRACE else value.lstrip()[1:]
    return who.key, b"{%b%b%d,%b" % (who.member, where, offset, body)


def duplicate(raw: Raw, at: int, event: Checked, first: First) -> Output:
    """`interactions.duplicates`: a copy, whole, and where the first stands."""
    record = Duplicate(
        tenant=event.tenant,
        source=event.source,
        channel=raw.channel,
        event_id=event.event_id,
        message_id=event.message_id,
        received_at=rfc3339(event.received_at),
        position=raw.position(at),
        first=raw.first(first.generation, first.offset),
        body=raw.values[at],
    )
    return f"{event.tenant}:{event.event_id}".encode(), record.encode()


def conflict(raw: Raw, at: int, event: Checked, first: First) -> Rejected:
    """`interactions.rejected`: the id is known, but what is said is not what was said first."""
    where = raw.first(first.generation, first.offset)
    body, headers = _kept(raw, at)
    return Rejected(
        fault=Fault(Reason.ID_CONFLICT, f"other content came before, at {_text(where)}", "event_id"),
        stage="process",
        tenant=event.tenant,
        source=event.source,
        adapter=event.adapter,
        channel=raw.channel,
        received_at=rfc3339(event.received_at),
        body=body,
        headers=headers,
        position=raw.position(at),
        event_id=event.event_id,
        message_id=event.message_id,
    )


def rejected(raw: Raw, at: int, fault: Fault) -> Rejected:
    """`interactions.rejected`: no interaction at all; what can still be read of it says where it came from."""
    document = _document(raw.values[at])
    body, headers = _kept(raw, at)
    arrival = min(max(raw.arrivals[at], 0), _LAST_MS)
    return Rejected(
        fault=fault,
        stage="process",
        tenant=_name(document.get("tenant")),
        source=_name(document.get("source")),
        adapter=_name(document.get("adapter")),
        channel=raw.channel,
        received_at=rfc3339(datetime.fromtimestamp(arrival / 1000, UTC)),
        body=body,
        headers=headers,
        position=raw.position(at),
        event_id=_uuid(document.get("event_id")),
        message_id=_short(document.get("message_id")),
    )


def rfc3339(time: datetime) -> str:
    """UTC, milliseconds."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(where: Position) -> str:
    return f"{where.topic} ({where.topic_id}), partition {where.partition}, offset {where.offset}"


def _document(value: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _name(value: object) -> str:
    return value if isinstance(value, str) and is_name(value) else ""


def _short(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_SHORT else None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _kept(raw: Raw, at: int) -> tuple[bytes, dict[str, str]]:
    """The record and its headers, as they fit a record of `interactions.rejected`."""
    value, headers = raw.values[at], _headers(raw.headers[at])
    return value[:WHOLE], headers if len(value) <= WHOLE else headers | {CUT: str(len(value))}


def _headers(headers: Headers | None) -> dict[str, str]:
    return dict(masked((name.lower(), (value or b"").decode(errors="replace")) for name, value in headers or ()))
