"""A delivery of Meta's as its single events, each with its place and a delivery that holds nothing else.

Source: developers.facebook.com, docs/graph-api/webhooks/getting-started.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from schemas.interaction import Open

WHATSAPP: Final = "whatsapp_business_account"
IDENTIFIERS: Final = {"page": "facebook_id", "instagram": "instagram_id"}  # product -> kind of its customers' ids
_LISTS: Final = ("messaging", "standby", "changes")  # of events, in an entry
_WHATSAPP_LISTS: Final = ("messages", "message_echoes", "statuses")
_AROUND: Final = frozenset({"messaging_product", "metadata", "contacts"})  # belongs to every event of the change


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a batch."""

    kind: str  # which reader understands it; empty where none does
    path: str  # its place in the delivery
    said: Any  # the event itself, as it came: any JSON
    alone: Any  # a delivery that holds this event only
    product: str = ""  # the delivery's `object`
    account: str = ""  # the page, Instagram account or WhatsApp business account that received it
    entry: Open = field(default_factory=dict)  # the entry without its events
    around: Open = field(default_factory=dict)  # WhatsApp's metadata and contacts


def events_of(document: object) -> Iterator[Event]:
    """Every event of a delivery, in order; what is no event in any known form has an empty kind."""
    batch = document if isinstance(document, dict) else {}
    product, entries = str(batch.get("object")), batch.get("entry")
    is_known = product in (*IDENTIFIERS, WHATSAPP)
    if not is_known or not isinstance(entries, list) or not entries:
        yield Event("", "entry" if is_known else "object", document, document)
        return
    for number, entry in enumerate(entries):
        parts = entry if isinstance(entry, dict) else {}
        lists = {name: parts[name] for name in _LISTS if parts.get(name)}
        bare = {} if lists else {name: parts[name] for name in ("field", "value") if name in parts}
        lists = lists or ({"changes": [bare]} if bare else {})  # Instagram Login: the entry is the change
        rest = {name: part for name, part in parts.items() if name not in lists and name not in bare}
        if not lists:
            yield Event("", f"entry[{number}]", entry, batch | {"entry": [entry]})
        for name, events in lists.items():
            for place, said in _each(events):
                path, alone = f"entry[{number}].{name}{place}", batch | {"entry": [rest | {name: [said]}]}
                event = Event(name, path, said, alone, product, str(rest.get("id", "")), rest)
                yield from _change(event) if name == "changes" else (event,)


def _each(events: object) -> list[tuple[str, object]]:
    return [(f"[{at}]", one) for at, one in enumerate(events)] if isinstance(events, list) else [("", events)]


def _change(change: Event) -> Iterator[Event]:
    """The events of a change: one, and for WhatsApp those of its lists."""
    value = change.said.get("value") if isinstance(change.said, dict) else None
    lists = [name for name in _WHATSAPP_LISTS if value.get(name)] if isinstance(value, dict) else []
    if not isinstance(value, dict) or (change.product == WHATSAPP and not lists):
        yield replace(change, kind="")
    elif change.product != WHATSAPP:
        is_messaging = "sender" in value and "recipient" in value  # the dashboard's test button sends them so
        yield replace(change, kind="messaging", said=value) if is_messaging else change
    else:
        around = {name: part for name, part in value.items() if name in _AROUND}
        for name in sorted(value.keys() - around.keys()):
            for place, said in _each(value[name]):
                part = change.said | {"value": around | {name: [said] if place else said}}
                alone = change.alone | {"entry": [change.entry | {"changes": [part]}]}
                event = replace(change, path=f"{change.path}.value.{name}{place}", said=said, alone=alone)
                yield replace(event, kind=name if name in lists else "", around=around)
