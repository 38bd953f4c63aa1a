"""A draft becomes an interaction: ids, fingerprint, normal form, check, bytes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson

from producers.contract import Bad, Draft
from producers.json_text import write
from schemas.check import Passed, check_all
from schemas.fates import Fault, Reason
from schemas.identifiers import REGION, normalise
from schemas.ids import event_id_text, mark_of
from schemas.interaction import SCHEMA, Channel

_PLAIN: Final = (  # members that pass from the draft as they are, absent when empty
    "name", "direction", "conversation", "agent", "text", "amount", "currency",
    "score", "score_scale", "duration_s", "traits", "properties",
)  # fmt: skip


_MEMBERS: Final = tuple(member.name for member in fields(Draft) if member.name != "alone")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where deliveries come from: a configured source.

    Attributes:
        tenant, source, adapter: as in the interaction.
        region: ISO 3166 country of phone numbers that name none.
    """

    tenant: str
    source: str
    adapter: str
    region: str = REGION


@dataclass(frozen=True, slots=True)
class Sealed:
    """An interaction, ready for Kafka."""

    channel: Channel
    event_id: UUID
    message_id: str | None
    value: bytes


def timestamp(time: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return f"{time.isoformat(timespec='milliseconds')[:-6]}Z"  # for +00:00


_receipt: Final = lru_cache(maxsize=64)(timestamp)  # the same for all items of a delivery


@dataclass(frozen=True, slots=True)
class _Written:
    """An interaction that is not checked yet."""

    draft: Draft
    event_id: str
    value: bytes


def seal(
    draft: Draft, origin: Origin, received_at: datetime, max_size: int, replay_of: UUID | None = None
) -> Sealed | Bad:
    """The interaction that a draft describes, or why it is none. `max_size` is in bytes, of the sealed value."""
    [sealed] = seal_all([draft], origin, received_at, max_size, replay_of)
    return sealed


def seal_all(
    items: Sequence[Draft | Bad], origin: Origin, received_at: datetime, max_size: int, replay_of: UUID | None = None
) -> list[Sealed | Bad]:
    """As `seal`, of the items of a delivery: they are checked at once, which is cheaper. What is bad stays so."""
    made = [
        _write(item, origin, received_at, max_size, replay_of) if isinstance(item, Draft) else item for item in items
    ]
    verdicts = iter(check_all([one.value for one in made if isinstance(one, _Written)]))
    return [one if isinstance(one, Bad) else _sealed(one, next(verdicts)) for one in made]


def _write(
    draft: Draft, origin: Origin, received_at: datetime, max_size: int, replay_of: UUID | None
) -> _Written | Bad:
    try:
        said = orjson.dumps(_said(draft, origin), option=orjson.OPT_SORT_KEYS)
        mark = mark_of(said)
        identity = event_id_text(origin.tenant, origin.source, draft.message_id or _content(draft, mark))
        unsaid = orjson.dumps(_unsaid(draft, received_at, replay_of))
        head = f'{{"schema":{SCHEMA},"event_id":"{identity}","fingerprint":"{mark}",'
        value = b"%b%b,%b" % (head.encode(), said[1:-1], unsaid[1:])  # one object of three, each written once
    except (TypeError, ValueError, OverflowError) as error:  # a number over 64 bits, a lone surrogate, the year 10000
        fault = Fault(Reason.SCHEMA_INVALID, f"cannot be written as JSON: {error}")
        return Bad(fault, write({name: getattr(draft, name) for name in _MEMBERS}), draft.message_id)
    if len(value) > max_size:
        fault = Fault(Reason.TOO_LARGE, f"{len(value)} bytes, the limit is {max_size}")
        return Bad(fault, value, draft.message_id, UUID(identity))
    return _Written(draft, identity, value)


def _sealed(made: _Written, verdict: Passed | Fault) -> Sealed | Bad:
    draft = made.draft
    if isinstance(verdict, Fault):
        return Bad(verdict, made.value, draft.message_id, UUID(made.event_id))
    return Sealed(draft.channel, verdict[0].event_id, draft.message_id, made.value)


def _said(draft: Draft, origin: Origin) -> dict[str, Any]:
    """What was said: all members that a copy has in common with the first."""
    said: dict[str, Any] = {
        "tenant": origin.tenant,
        "source": origin.source,
        "adapter": origin.adapter,
        "channel": draft.channel,
        "type": draft.type,
    }
    if identifiers := _identifiers(draft.identifiers, origin.region):
        said["identifiers"] = identifiers
    if draft.message_id is not None:
        said["message_id"] = draft.message_id
    for member in _PLAIN:
        value = getattr(draft, member)
        if value is not None and value != {}:
            said[member] = value
    return said


def _unsaid(draft: Draft, received_at: datetime, replay_of: UUID | None) -> dict[str, Any]:
    """What may differ from copy to copy: times and circumstances."""
    received = _receipt(received_at)
    unsaid: dict[str, Any] = {
        "occurred_at": received if draft.occurred_at is None else timestamp(draft.occurred_at),
        "received_at": received,
    }
    if draft.sent_at is not None:
        unsaid["sent_at"] = timestamp(draft.sent_at)
    if draft.context:
        unsaid["context"] = draft.context
    if replay_of is not None:
        unsaid["replay_of"] = str(replay_of)
    return unsaid


def _content(draft: Draft, mark: str) -> str:
    """An id for what its provider gave none: its content, and its own time where it has one."""
    moment = "" if draft.occurred_at is None else timestamp(draft.occurred_at)
    context = orjson.dumps(draft.context, option=orjson.OPT_SORT_KEYS).decode()
    return f"content\x1f{mark}\x1f{moment}\x1f{context}"


def _identifiers(pairs: list[tuple[str, str]], region: str) -> list[dict[str, str]]:
    """In normal form, without empty values and repetitions, in the order in which they came."""
    normal = dict.fromkeys((kind, normalise(kind, value, region)) for kind, value in pairs)
    return [{"kind": kind, "value": value} for kind, value in normal if value]
