"""What keeps a message from being an interaction: the first fault, its place in the message, and the remedy."""

from typing import Any, Final, Literal

from producers.dialects.segment.fields import id_of, time_of
from schemas.fates import Fault, Reason
from schemas.interaction import FIRST_YEAR, LAST_YEAR, MAX_SHORT, MAX_VALUE

Call = Literal["identify", "track", "page", "screen", "group", "alias"]
CALLS: Final[dict[str, Call]] = {
    "identify": "identify",
    "track": "track",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
}
_OBJECTS: Final = ("context", "integrations", "properties", "traits")
_IDS: Final = ("userId", "anonymousId", "previousId", "groupId")
_TEXTS: Final[dict[Call, tuple[str, ...]]] = {
    "identify": ("messageId",),
    "track": ("messageId", "event"),
    "page": ("messageId", "name"),
    "screen": ("messageId", "name"),
    "group": ("messageId",),
    "alias": ("messageId",),
}
_JSON: Final = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "an array", dict: "an object"}


def fault_in(message: dict[str, Any], call: Call) -> Fault | None:
    """The first thing wrong with a message; None where all that we use is of its type."""
    return _object_fault(message) or _identity_fault(message) or _text_fault(message, call) or _time_fault(message)


def moment_of(message: dict[str, Any]) -> tuple[str, object]:
    """When it happened, and the member that says so: RudderStack's SDKs may send `originalTimestamp` alone."""
    moment = message.get("timestamp")
    return ("timestamp", moment) if moment is not None else ("originalTimestamp", message.get("originalTimestamp"))


def _object_fault(message: dict[str, Any]) -> Fault | None:
    for member in _OBJECTS:
        value = message.get(member)
        if value is not None and not isinstance(value, dict) and value != []:  # PHP's empty object is []
            return Fault(Reason.SCHEMA_INVALID, f"must be an object, not {_json(value)}", member)
    return None


def _identity_fault(message: dict[str, Any]) -> Fault | None:
    for member in _IDS:
        text = id_of(message.get(member))
        if text is None:
            detail = f"must be text, not {_json(message[member])}; send numbers with fractions or over 2^53 as text"
            return Fault(Reason.SCHEMA_INVALID, detail, member)
        if len(text) > MAX_VALUE:
            return Fault(Reason.SCHEMA_INVALID, f"must have at most {MAX_VALUE} characters", member)
    if not id_of(message.get("userId")) and not id_of(message.get("anonymousId")):
        return Fault(Reason.IDENTIFIER_MISSING, "send a userId or an anonymousId that is not empty", "userId")
    return None


def _text_fault(message: dict[str, Any], call: Call) -> Fault | None:
    for member in _TEXTS[call]:
        value = message.get(member)
        if value is not None and (not isinstance(value, str) or len(value) > MAX_SHORT):
            return Fault(Reason.SCHEMA_INVALID, f"must be text of at most {MAX_SHORT} characters", member)
    if call == "track" and not message.get("event"):
        return Fault(Reason.SCHEMA_INVALID, "a track call needs the name of its event", "event")
    return None


def _time_fault(message: dict[str, Any]) -> Fault | None:
    member, moment = moment_of(message)
    if moment is None or time_of(moment) is not None:
        return None
    detail = f"must be an ISO 8601 time from {FIRST_YEAR} to {LAST_YEAR}, as 2026-01-31T12:00:00.000Z"
    return Fault(Reason.TIME_INVALID, detail, member)


def _json(value: object) -> str:
    return _JSON.get(type(value), "null")
