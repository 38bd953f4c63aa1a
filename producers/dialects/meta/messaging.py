"""Messaging events of Messenger and Instagram.

Source: developers.facebook.com, documentation/business-messaging/messenger-platform/webhooks/webhook-events, and
documentation/instagram-platform/webhooks/examples.
"""

import re
from typing import Final

from producers.contract import Draft
from producers.dialects.meta.events import IDENTIFIERS, WHATSAPP, Event
from producers.dialects.reading import ItemError, digest, take_part, take_text, take_time, take_word
from schemas.interaction import Open, Type

_KINDS: Final[dict[str, Type]] = {  # of messaging events; messages and postbacks may bring a referral: it is last
    "message": "message", "message_edit": "message", "postback": "action", "reaction": "action", "read": "delivery",
    "delivery": "delivery", "optin": "action", "account_linking": "identity", "messaging_feedback": "survey",
    "response_feedback": "survey", "game_play": "action", "pass_thread_control": "case", "take_thread_control": "case",
    "request_thread_control": "case", "referral": "action",
}  # fmt: skip
_is_email: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+").fullmatch
_is_phone: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII).fullmatch


def messaging(event: Event, said: Open) -> Draft:
    """A messaging event of Messenger or Instagram."""
    kind = next((kind for kind in _KINDS if kind in said), None)
    if kind is None or event.product == WHATSAPP:
        raise ItemError(f"no messaging event of a kind that is known: {', '.join(sorted(said))[:200]}")
    about, sender, recipient = take_part(said, kind), take_part(said, "sender"), take_part(said, "recipient")
    is_ours = about.get("is_echo") is True or str(sender.get("id")) == event.account
    customer, business = (recipient, sender) if is_ours else (sender, recipient)
    account, person = take_word(business, "id") or event.account, take_word(customer, "id")
    ref = take_word(customer, "user_ref")  # of the checkbox plugin, until the person has written
    platform = "messenger" if event.product == "page" else "instagram"
    occurred_at = take_time(said, "timestamp") or take_time({**about}, "watermark")
    ids = {IDENTIFIERS[event.product]: person, "facebook_user_ref": ref}
    draft = Draft("social", _KINDS[kind], None, occurred_at, [(name, one) for name, one in ids.items() if one])
    draft.conversation = f"{platform}:{account}:{person or ref}"
    draft.message_id = _message_id(kind, about, event, draft.conversation)
    draft.name = _name(about) if kind == "message" else "delivered" if kind == "delivery" else kind
    if not kind.endswith("_thread_control"):  # between apps; the customer has no part in it
        draft.direction = "outbound" if is_ours or draft.type == "delivery" else "inbound"
    draft.text = take_text(about, "text", "title", "emoji") if kind != "optin" else None
    if not is_ours:
        draft.identifiers += _given(about.get("quick_reply"), draft.text)
    rest = {"customer": customer, "business": business, kind: about}
    draft.properties = {"platform": platform, "account_id": account} | said | {k: v for k, v in rest.items() if v}
    return draft


def _given(reply: object, text: str | None) -> list[tuple[str, str]]:
    """What a person gave by a quick reply of the kind user_email or user_phone_number: payload and text are both it."""
    payload = reply.get("payload") if isinstance(reply, dict) else None
    if not isinstance(payload, str) or payload != text:
        return []
    return [("email", payload)] if _is_email(payload) else [("phone", payload)] if _is_phone(payload) else []


def _name(message: Open) -> str:
    for mark in ("is_deleted", "is_unsupported"):
        if message.get(mark) is True:
            return mark.removeprefix("is_")
    match message.get("attachments"):
        case [{"type": str(kind)}, *_]:
            return kind
    return "text"


def _message_id(kind: str, about: Open, event: Event, thread: str | None) -> str:
    """Meta's own id; else made of what tells the event from the next one: how far it reaches, or all of it."""
    mid, watermark, mids = about.get("mid"), about.get("watermark"), about.get("mids")
    if isinstance(mid, str) and mid and kind in ("message", "postback"):
        return f"{mid}:deleted" if about.get("is_deleted") is True else mid  # both come with the same id
    if isinstance(mid, str) and mid and kind == "message_edit":
        return f"{mid}:edit:{about.get('num_edit')}"
    mark = f"{watermark}:{digest(mids)}" if watermark and mids else watermark or digest(event.said)
    return f"{thread}:{kind}:{mark}"
