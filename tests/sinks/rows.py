"""Records as the processors write them, for the sink's tests."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from schemas.fates import Fault, Reason
from schemas.ids import event_id
from schemas.records import BEFORE_KAFKA, Duplicate, Position, Rejected

RAW_ID = UUID(int=0xABC)
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def stamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def interaction(number: int, user: str = "ada", **members: object) -> bytes:
    """A record of timeline.events."""
    said = {
        "schema": 1,
        "event_id": str(event_id("default", "web", f"m{number}")),
        "fingerprint": f"{number:016x}",
        "tenant": "default",
        "source": "web",
        "adapter": "segment",
        "channel": "web",
        "type": "action",
        "identifiers": [{"kind": "user_id", "value": user}],
        "message_id": f"m{number}",
        "occurred_at": stamp(DAY + timedelta(seconds=number)),
        "received_at": stamp(DAY + timedelta(seconds=number + 1)),
    } | members
    front = {"subject": f"user_id:{user}"} | position(number).as_members()
    return orjson.dumps(front | said)


def position(number: int) -> Position:
    return Position("interactions.web", RAW_ID, 0, number)


def duplicate(number: int, first: int) -> bytes:
    return Duplicate(
        "default", "web", "web", event_id("default", "web", f"m{first}"), f"m{first}", stamp(DAY),
        position(number), position(first), b"{}",
    ).encode()  # fmt: skip


def rejected(number: int | None, body: bytes = b"x") -> bytes:
    """Of the intake, where there is no number; else of the processors."""
    return Rejected(
        Fault(Reason.NOT_JSON, "not JSON"), "intake" if number is None else "process", "default", "web", "segment",
        "web", stamp(DAY), body, {"user-agent": "curl"}, BEFORE_KAFKA if number is None else position(number),
    ).encode()  # fmt: skip
