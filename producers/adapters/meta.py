"""Meta: webhooks of Messenger, Instagram and the WhatsApp Cloud API, signed with the app's secret.

A delivery is a batch: entries, one an account, and in them messaging events (`messaging`, or `standby` where another
app holds the conversation) or changes of fields (`changes`), in which WhatsApp has lists of its own. Every event is
read alone; what is not known is kept in `rejected`, as a delivery that holds nothing else.

Formats, all on developers.facebook.com: docs/graph-api/webhooks/getting-started (signature, challenge);
documentation/business-messaging/messenger-platform/webhooks/webhook-events; docs/graph-api/webhooks/reference/page;
documentation/instagram-platform/webhooks/examples; documentation/business-messaging/whatsapp/webhooks/reference.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from pydantic import Field, SecretStr

from producers.contract import Adapter, Bad, Delivery, Draft, Refused, Reply, SourceConfig
from producers.hub import challenged, signed
from producers.reading import ItemError, digest, drafted, loaded, take_part, take_text, take_texts, take_time, take_word
from schemas.fates import Reason
from schemas.interaction import MAX_NUMBER, Channel, Open, Type

_WHATSAPP: Final = "whatsapp_business_account"
_IDENTIFIERS: Final = {"page": "facebook_id", "instagram": "instagram_id"}
_LISTS: Final = ("messaging", "standby", "changes")  # of events, in an entry
_WHATSAPP_LISTS: Final = ("messages", "message_echoes", "statuses")
_AROUND: Final = frozenset({"messaging_product", "metadata", "contacts"})  # belongs to every event of the change
_KINDS: Final[dict[str, Type]] = {  # of messaging events; messages and postbacks may bring a referral: it is last
    "message": "message", "message_edit": "message", "postback": "action", "reaction": "action", "read": "delivery",
    "delivery": "delivery", "optin": "action", "account_linking": "identity", "messaging_feedback": "survey",
    "response_feedback": "survey", "game_play": "action", "pass_thread_control": "case", "take_thread_control": "case",
    "request_thread_control": "case", "referral": "action",
}  # fmt: skip
_FIELDS: Final = {"page": {"feed", "mention", "ratings"}, "instagram": {"comments", "live_comments", "mentions"}}
_WHATSAPP_TYPES: Final[dict[str, Type]] = {"order": "order", "reaction": "action", "system": "identity"}
_is_phone: Final = re.compile(r"[1-9]\d{6,14}", re.ASCII).fullmatch  # E.164, without its plus
_is_user_id: Final = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+").fullmatch  # business-scoped, where a number is withheld


class MetaConfig(SourceConfig):
    """The app's own keys, from the App Dashboard."""

    app_secret: SecretStr = Field(min_length=1, description="App settings > Basic > App secret: signs every delivery")
    verify_token: SecretStr = Field(
        min_length=1, description="a text of your choice: the form for webhooks asks for it"
    )


class Meta(Adapter[MetaConfig]):
    """Messenger, Instagram and WhatsApp."""

    name = "meta"
    channels = frozenset[Channel]({"social"})
    Config = MetaConfig

    def verify(self, delivery: Delivery) -> Refused | None:
        """X-Hub-Signature-256, keyed with the app's secret."""
        return signed(delivery, self.config.app_secret.get_secret_value(), "set app_secret to the app's App secret")

    def handshake(self, delivery: Delivery) -> Reply | None:
        """The challenge, to whoever knows the verify token."""
        return challenged(delivery, self.config.verify_token.get_secret_value())

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """One draft an event; docs/adapters/meta.md says what becomes what."""
        if isinstance(document := loaded(delivery.body), Bad):
            yield document
            return
        for event in _events(document):
            yield drafted(partial(_read, event), event.path, event.alone, delivery.body)


@dataclass(frozen=True, slots=True)
class _Event:
    """One event of a batch."""

    kind: str  # which reader understands it; empty where none does
    path: str  # its place in the delivery
    said: Any  # the event itself, as it came: any JSON
    alone: Any  # a delivery that holds this event only
    product: str = ""  # the delivery's `object`
    account: str = ""  # the page, Instagram account or WhatsApp business account that received it
    entry: Open = field(default_factory=dict)  # the entry without its events
    around: Open = field(default_factory=dict)  # WhatsApp's metadata and contacts


def _events(document: object) -> Iterator[_Event]:
    batch = document if isinstance(document, dict) else {}
    product, entries = str(batch.get("object")), batch.get("entry")
    is_known = product in (*_IDENTIFIERS, _WHATSAPP)
    if not is_known or not isinstance(entries, list) or not entries:
        yield _Event("", "entry" if is_known else "object", document, document)
        return
    for number, entry in enumerate(entries):
        parts = entry if isinstance(entry, dict) else {}
        lists = {name: parts[name] for name in _LISTS if parts.get(name)}
        bare = {} if lists else {name: parts[name] for name in ("field", "value") if name in parts}
        lists = lists or ({"changes": [bare]} if bare else {})  # Instagram Login: the entry is the change
        rest = {name: part for name, part in parts.items() if name not in lists and name not in bare}
        if not lists:
            yield _Event("", f"entry[{number}]", entry, batch | {"entry": [entry]})
        for name, events in lists.items():
            for place, said in _each(events):
                path, alone = f"entry[{number}].{name}{place}", batch | {"entry": [rest | {name: [said]}]}
                event = _Event(name, path, said, alone, product, str(rest.get("id", "")), rest)
                yield from _change(event) if name == "changes" else (event,)


def _each(events: object) -> list[tuple[str, object]]:
    return [(f"[{at}]", one) for at, one in enumerate(events)] if isinstance(events, list) else [("", events)]


def _change(change: _Event) -> Iterator[_Event]:
    """The events of a change: one, and for WhatsApp those of its lists."""
    value = change.said.get("value") if isinstance(change.said, dict) else None
    lists = [name for name in _WHATSAPP_LISTS if value.get(name)] if isinstance(value, dict) else []
    if not isinstance(value, dict) or (change.product == _WHATSAPP and not lists):
        yield replace(change, kind="")
    elif change.product != _WHATSAPP:
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


def _read(event: _Event) -> Draft:
    """The draft of an event; ItemError says why it is none."""
    reader = _READERS.get(event.kind)
    if reader is None or not isinstance(event.said, dict):
        raise ItemError("no event of a kind that is known")
    draft = reader(event, dict(event.said))
    if not draft.identifiers:
        raise ItemError("names no customer", reason=Reason.IDENTIFIER_MISSING)
    frame = {name: value for name, value in event.alone.items() if name not in ("object", "entry")}
    draft.context |= frame | {"entry": event.entry} | ({"standby": True} if event.kind == "standby" else {})
    draft.occurred_at = draft.occurred_at or take_time(dict(event.entry), "time")
    return draft


def _messaging(event: _Event, said: Open) -> Draft:
    """A messaging event of Messenger or Instagram."""
    kind = next((kind for kind in _KINDS if kind in said), None)
    if kind is None or event.product == _WHATSAPP:
        raise ItemError(f"no messaging event of a kind that is known: {', '.join(sorted(said))[:200]}")
    about, sender, recipient = take_part(said, kind), take_part(said, "sender"), take_part(said, "recipient")
    is_ours = about.get("is_echo") is True or str(sender.get("id")) == event.account
    customer, business = (recipient, sender) if is_ours else (sender, recipient)
    account, person = take_word(business, "id") or event.account, take_word(customer, "id")
    ref = take_word(customer, "user_ref")  # of the checkbox plugin, until the person has written
    platform = "messenger" if event.product == "page" else "instagram"
    occurred_at = take_time(said, "timestamp") or take_time({**about}, "watermark")
    ids = {_IDENTIFIERS[event.product]: person, "facebook_user_ref": ref}
    draft = Draft("social", _KINDS[kind], None, occurred_at, [(name, one) for name, one in ids.items() if one])
    draft.conversation = f"{platform}:{account}:{person or ref}"
    draft.message_id = _message_id(kind, about, event, draft.conversation)
    draft.name = _name(about) if kind == "message" else "delivered" if kind == "delivery" else kind
    if not kind.endswith("_thread_control"):  # between apps; the customer has no part in it
        draft.direction = "outbound" if is_ours or draft.type == "delivery" else "inbound"
    draft.text = take_text(about, "text", "title", "emoji") if kind != "optin" else None
    rest = {"customer": customer, "business": business, kind: about}
    draft.properties = {"platform": platform, "account_id": account} | said | {k: v for k, v in rest.items() if v}
    return draft


def _name(message: Open) -> str:
    for mark in ("is_deleted", "is_unsupported"):
        if message.get(mark) is True:
            return mark.removeprefix("is_")
    match message.get("attachments"):
        case [{"type": str(kind)}, *_]:
            return kind
    return "text"


def _message_id(kind: str, about: Open, event: _Event, thread: str | None) -> str:
    """Meta's own id; else made of what tells the event from the next one: how far it reaches, or all of it."""
    mid, watermark, mids = about.get("mid"), about.get("watermark"), about.get("mids")
    if isinstance(mid, str) and mid and kind in ("message", "postback"):
        return f"{mid}:deleted" if about.get("is_deleted") is True else mid  # both come with the same id
    if isinstance(mid, str) and mid and kind == "message_edit":
        return f"{mid}:edit:{about.get('num_edit')}"
    mark = f"{watermark}:{digest(mids)}" if watermark and mids else watermark or digest(event.said)
    return f"{thread}:{kind}:{mark}"


def _feed(event: _Event, said: Open) -> Draft:
    """A change of a page's feed, or a comment on Instagram."""
    subject, value = take_word(said, "field") or "", take_part(said, "value")
    if subject not in _FIELDS[event.product]:
        raise ItemError(f"no change of a field that is known: {subject[:64]}", "field")
    item = str(value.get("item")) if subject == "feed" else subject.removesuffix("s")
    verb = str(value.get("verb", "add"))
    old = "reviewer" if "reviewer_id" in value else "sender"  # the older form of `from`
    author = take_part(value, "from") or {name: value.pop(f"{old}_{name}", None) for name in ("id", "name")}
    who, media = take_word(author, "id"), value.get("media")
    occurred_at = take_time(value, "created_time") if verb == "add" else None  # it stays when the comment is changed
    draft = Draft("social", "action", _feed_id(subject, event.said["value"]), occurred_at, [])
    if who and who != event.account:  # a page's own posts and comments come too; they name no customer
        draft.identifiers = [(_IDENTIFIERS[event.product], who)]
    draft.name, draft.direction = item if verb == "add" else f"{item}_{verb}", "inbound"
    draft.traits = take_texts(author, "name", "username")
    draft.text = take_text(value, "message", "text", "review_text")
    draft.type = "survey" if subject == "ratings" else "message" if draft.text else "action"
    draft.context = {"post": value.pop("post")} if "post" in value else {}  # its state moves on between retries
    platform = "facebook" if event.product == "page" else "instagram"
    thread = value.get("post_id") or (media.get("id") if isinstance(media, dict) else None)
    draft.conversation = f"{platform}:{thread}" if thread else None
    value |= {"from": author} if any(author.values()) else {}
    draft.properties = {"platform": platform, "account_id": event.account} | said | {subject: value}
    return draft


def _feed_id(subject: str, value: Open) -> str:
    verb, said = value.get("verb"), digest({name: part for name, part in value.items() if name != "post"})
    comment = value.get("comment_id") if value.get("item") == "comment" else value.get("id")
    if not isinstance(comment, str | int) or not comment or subject not in ("feed", "comments"):
        return f"{subject}:{said}"
    return str(comment) if verb is None else f"{comment}:{verb}" + f":{said}" * (verb not in ("add", "remove"))


def _whatsapp(event: _Event, said: Open, ids: list[str | None], group: str | None) -> Draft:
    """What messages and statuses have in common; `ids` are the customer's."""
    metadata, contacts = take_part({**event.around}, "metadata"), event.around.get("contacts")
    phone_number = take_word(metadata, "phone_number_id") or event.account
    known = [one for one in ids if one]
    people = [dict(one) for one in contacts if isinstance(one, dict)] if isinstance(contacts, list) else []
    tails = {one[-8:] for one in known}  # some countries' numbers have two forms, that begin differently
    contact = next((one for one in people if one.get("user_id") in known or str(one.get("wa_id"))[-8:] in tails), {})
    profile = take_part(contact, "profile")
    known = [one for name in ("wa_id", "user_id") if (one := take_word(contact, name))] + known
    draft = Draft("social", "message", None, take_time(said, "timestamp"), [])
    draft.traits = take_texts(profile, "name", "username")
    for one in dict.fromkeys(known):
        draft.identifiers.append(("whatsapp_user_id" if _is_user_id(one) else "whatsapp_id", one))
        draft.identifiers += [("phone", f"+{one}")] if _is_phone(one) else []
    draft.conversation = f"whatsapp:{phone_number}:{group or ''.join(known[:1])}"
    draft.properties = {"platform": "whatsapp", "account_id": event.account, "phone_number_id": phone_number}
    draft.properties |= metadata | ({"group_id": group} if group else {})
    draft.context = {"contact": contact | profile} if contact or profile else {}
    return draft


def _whatsapp_message(event: _Event, said: Open) -> Draft:
    """A message of a customer, or the echo of one that was sent from the WhatsApp Business app."""
    whom = "to" if event.kind == "message_echoes" else "from"
    ids = [take_word(said, whom), take_word(said, f"{whom}_user_id")]
    kind = take_word(said, "type") or "unknown"
    content = take_part(said, kind) if isinstance(said.get(kind), dict) else {}
    if kind == "system":  # the customer has another number now: both are one customer's
        ids += [take_word(content, name) for name in ("wa_id", "new_wa_id", "user_id")]
    draft = _whatsapp(event, said, ids, take_word(said, "group_id"))
    draft.type, draft.name = _WHATSAPP_TYPES.get(kind, "message"), kind
    draft.direction = "outbound" if whom == "to" else "inbound"
    draft.message_id = take_word(said, "id") or f"whatsapp:{digest(event.said)}"
    chosen = take_part({**content}, str(content.get("type"))) if kind == "interactive" else {}  # a button or a row
    draft.text = take_text(content, "body", "text", "caption", "emoji") or take_text(chosen, "title", "body")
    draft.amount, draft.currency = _total(content.get("product_items"))
    draft.properties |= said | ({kind: content} if content else {})
    return draft


def _total(items: object) -> tuple[float | None, str | None]:
    """What an order comes to, and its currency; nothing where it cannot be told."""
    items = items if isinstance(items, list) else []
    try:
        amount = math.fsum(float(item["item_price"]) * float(item["quantity"]) for item in items)
        currency, *others = {item["currency"] for item in items}
    except (TypeError, KeyError, ValueError, OverflowError):
        return None, None
    is_sound = not others and abs(amount) <= MAX_NUMBER and re.fullmatch("[A-Z]{3}", str(currency))
    return (round(amount, 4), str(currency)) if is_sound else (None, None)


def _whatsapp_status(event: _Event, said: Open) -> Draft:
    """What became of a message of ours."""
    member, recipient = take_word(said, "recipient_participant_id"), take_word(said, "recipient_id")
    draft = _whatsapp(event, said, [member or recipient, take_word(said, "recipient_user_id")], member and recipient)
    status, message = take_word(said, "status"), take_word(said, "id")
    if status is None:
        raise ItemError("there is no status", "status")
    draft.type, draft.name, draft.direction = "delivery", status, "outbound"
    draft.message_id = ":".join(filter(None, (message or digest(event.said), status, member)))
    draft.properties |= {"message_id": message} | said
    return draft


_READERS: Final[dict[str, Callable[[_Event, Open], Draft]]] = {
    "messaging": _messaging, "standby": _messaging, "changes": _feed, "messages": _whatsapp_message,
    "message_echoes": _whatsapp_message, "statuses": _whatsapp_status,
}  # fmt: skip
