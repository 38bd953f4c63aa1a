"""Messages and statuses of the WhatsApp Cloud API.

Source: developers.facebook.com, documentation/business-messaging/whatsapp/webhooks/reference.
"""

import math
import re
from typing import Final

import orjson

from producers.contract import Draft
from producers.dialects.meta.events import Event
from producers.dialects.named import named
from producers.dialects.reading import ItemError, digest, take_part, take_text, take_texts, take_time, take_word
from schemas.interaction import MAX_NUMBER, Open, Type

_TYPES: Final[dict[str, Type]] = {"order": "order", "reaction": "action", "system": "identity"}
_is_phone: Final = re.compile(r"[1-9]\d{6,14}", re.ASCII).fullmatch  # E.164, without its plus
_is_user_id: Final = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+").fullmatch  # business-scoped, where a number is withheld


def _draft(event: Event, said: Open, ids: list[str | None], group: str | None) -> Draft:
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


def message(event: Event, said: Open) -> Draft:
    """A message of a customer, or the echo of one that was sent from the WhatsApp Business app."""
    whom = "to" if event.kind == "message_echoes" else "from"
    ids = [take_word(said, whom), take_word(said, f"{whom}_user_id")]
    kind = take_word(said, "type") or "unknown"
    content = take_part(said, kind) if isinstance(said.get(kind), dict) else {}
    if kind == "system":  # the customer has another number now: both are one customer's
        ids += [take_word(content, name) for name in ("wa_id", "new_wa_id", "user_id")]
    draft = _draft(event, said, ids, take_word(said, "group_id"))
    draft.type, draft.name = _TYPES.get(kind, "message"), kind
    draft.direction = "outbound" if whom == "to" else "inbound"
    draft.message_id = take_word(said, "id") or f"whatsapp:{digest(event.said)}"
    chosen = take_part({**content}, str(content.get("type"))) if kind == "interactive" else {}  # a button or a row
    draft.text = take_text(content, "body", "text", "caption", "emoji") or take_text(chosen, "title", "body")
    if whom == "from":
        draft.identifiers += _filled_in(chosen)
    draft.amount, draft.currency = _total(content.get("product_items"))
    draft.properties |= said | ({kind: content} if content else {})
    return draft


def _filled_in(reply: Open) -> list[tuple[str, str]]:
    """Who the customer says to be in a Flow, a form of ours; an address for delivery may be somebody else's."""
    try:
        answers = orjson.loads(reply["response_json"]) if reply.get("name") == "flow" else {}
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return []
    return named(answers) if isinstance(answers, dict) else []


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


def status(event: Event, said: Open) -> Draft:
    """What became of a message of ours."""
    member, recipient = take_word(said, "recipient_participant_id"), take_word(said, "recipient_id")
    draft = _draft(event, said, [member or recipient, take_word(said, "recipient_user_id")], member and recipient)
    became, sent = take_word(said, "status"), take_word(said, "id")
    if became is None:
        raise ItemError("there is no status", "status")
    draft.type, draft.name, draft.direction = "delivery", became, "outbound"
    draft.message_id = ":".join(filter(None, (sent or digest(event.said), became, member)))
    draft.properties |= {"message_id": sent} | said
    return draft
