"""One message of Segment's tracking API becomes one draft, or the fault that stands in its way.

Source: Segment's pages "Spec: Common fields", Identify, Track, Page, Screen, Group, Alias, "E-commerce events v2".
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from producers.contract import Draft
from producers.dialects.segment.channel import channel_of
from producers.dialects.segment.faults import CALLS, Call, fault_in, moment_of
from producers.dialects.segment.fields import (
    amount_of,
    currency_of,
    email_of,
    external_ids,
    handle_of,
    id_of,
    object_of,
    phone_of,
    time_of,
)
from schemas.fates import Fault, Reason
from schemas.interaction import MAX_SHORT, Type

_Object = dict[str, Any]  # an open JSON object
_TYPES: Final[dict[Call, Type]] = {
    "identify": "identity",
    "track": "action",
    "page": "view",
    "screen": "view",
    "group": "identity",
    "alias": "identity",
}
_COMMON: Final = frozenset({"type", "userId", "anonymousId", "messageId", "timestamp", "sentAt", "writeKey"}) | {
    "context",
    "integrations",
    "properties",
    "traits",
}
_USED: Final[dict[Call, frozenset[str]]] = {  # what a call uses up; other members go to context._extra
    "identify": _COMMON,
    "track": _COMMON | {"event"},
    "page": _COMMON | {"name", "category"},
    "screen": _COMMON | {"name", "category"},
    "group": _COMMON | {"groupId"},
    "alias": _COMMON | {"previousId"},
}
_ORDERS: Final = frozenset(  # the order events of version 2 of the e-commerce spec, and their names in version 1
    name for act in ("completed", "updated", "refunded", "cancelled") for name in (f"order {act}", f"{act} order")
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a batch says about all its messages; of a single call: nothing.

    Attributes:
        context, integrations: merged with each message's own, which wins.
        sent_at: `sentAt` as it came.
        rest: the batch's other members, kept in each message's context.
    """

    context: _Object = field(default_factory=dict)
    integrations: _Object = field(default_factory=dict)
    sent_at: object = None
    rest: _Object = field(default_factory=dict)


def draft_of(message: _Object, call: Call | None, envelope: Envelope) -> Draft | Fault:
    """The draft of a message, or what is wrong with it, its path relative to the message.

    `call` is told by the path of the request; None in a batch, where each message names its own.
    """
    if call is None:
        stated = message.get("type")
        call = CALLS.get(stated) if isinstance(stated, str) else None
        if call is None:
            return Fault(Reason.SCHEMA_INVALID, f"must be one of {', '.join(CALLS)}", "type")
    if (fault := fault_in(message, call)) is not None:
        return fault
    context = object_of(message.get("context"))
    if envelope.context:
        context = envelope.context | context
    traits = object_of(context.get("traits"))
    if call != "group" and (own := object_of(message.get("traits"))):
        traits = traits | own
    properties = _properties(message, call)
    draft = Draft(
        channel=channel_of(call, message.get("channel"), context),
        type=_TYPES[call],
        message_id=message.get("messageId") or None,
        occurred_at=time_of(moment_of(message)[1]),
        sent_at=_sent_at(message, envelope),
        identifiers=_identifiers(message, call, traits, context),
        name=_name(message, call, properties),
        traits=traits,
        properties=properties,
    )
    if call == "track":
        _price(draft, message["event"])
    draft.context = _circumstances(message, call, context, envelope, draft)
    return draft


def _sent_at(message: _Object, envelope: Envelope) -> datetime | None:
    """None where another collector had the message first: the difference to our receipt would not be the clock's."""
    if message.get("receivedAt") is not None:
        return None
    return time_of(message.get("sentAt") or envelope.sent_at)


def _properties(message: _Object, call: Call) -> _Object:
    properties = object_of(message.get("properties"))
    if call in ("page", "screen"):
        return _present(category=message.get("category")) | properties
    if call == "group":
        traits = object_of(message.get("traits")) or None  # the group's, not the customer's
        return properties | _present(groupId=message.get("groupId"), traits=traits)
    if call == "alias":
        return properties | _present(previousId=message.get("previousId"))
    return properties


def _present(**members: object) -> _Object:
    return {name: value for name, value in members.items() if value is not None}


def _name(message: _Object, call: Call, properties: _Object) -> str | None:
    if call == "track":
        return str(message["event"])
    if call not in ("page", "screen"):
        return call
    for name in (message.get("name"), properties.get("name"), properties.get("title")):
        if isinstance(name, str) and 0 < len(name) <= MAX_SHORT:
            return name
    return None


def _price(draft: Draft, event: str) -> None:
    """As Segment's own library reads it: `revenue` of any event, else the `total` of an order."""
    if event.lower().replace("_", " ") in _ORDERS:
        draft.type = "order"
    draft.amount = amount_of(draft.properties.get("revenue"))
    if draft.amount is None and draft.type == "order":
        draft.amount = amount_of(draft.properties.get("total"))
    if draft.amount is not None:
        draft.currency = currency_of(draft.properties.get("currency"))


def _identifiers(message: _Object, call: Call, traits: _Object, context: _Object) -> list[tuple[str, str]]:
    """Everything that names the customer, ids proper first."""
    anonymous = id_of(message.get("anonymousId"))
    found = [("user_id", id_of(message.get("userId"))), ("anonymous_id", anonymous)]
    if call == "alias":  # it names the former id without its kind; two accounts would never be one by evidence alone
        previous = id_of(message.get("previousId"))
        found += [("anonymous_id", previous)] if previous != anonymous else []
    if traits:
        found += [("email", email_of(traits.get("email"))), ("phone", phone_of(traits.get("phone")))]
    if "externalIds" in context:
        found += external_ids(context["externalIds"])
    if "device" in context:
        found.append(("device_id", handle_of(object_of(context["device"]).get("id"))))
    return [(kind, value) for kind, value in found if value]


def _circumstances(message: _Object, call: Call, context: _Object, envelope: Envelope, draft: Draft) -> _Object:
    """Context, integrations, and whatever else came with the message: nothing is dropped silently."""
    kept = dict(context)
    known = context.get("traits")
    if isinstance(known, dict) and known.items() <= draft.traits.items():
        del kept["traits"]  # it stays where the message's own traits replaced one of them
    used = _USED[call]
    extra = {name: value for name, value in message.items() if name not in used and value is not None}
    if draft.sent_at is None and (sent := message.get("sentAt") or envelope.sent_at) is not None:
        extra["sentAt"] = sent
    if envelope.rest:
        extra["batch"] = envelope.rest
    integrations = object_of(message.get("integrations"))
    if envelope.integrations:
        integrations = envelope.integrations | integrations
    if integrations:
        (extra if "integrations" in kept else kept)["integrations"] = integrations
    if extra:
        kept["_extra"] = extra
    return kept
