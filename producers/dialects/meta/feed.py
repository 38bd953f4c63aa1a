"""Changes of a page's feed, and comments on Instagram.

Source: developers.facebook.com, docs/graph-api/webhooks/reference/page, and documentation/instagram-platform/webhooks.
"""

from typing import Final

from producers.contract import Draft
from producers.dialects.meta.events import IDENTIFIERS, Event
from producers.dialects.reading import ItemError, digest, take_part, take_text, take_texts, take_time, take_word
from schemas.interaction import Open

_FIELDS: Final = {"page": {"feed", "mention", "ratings"}, "instagram": {"comments", "live_comments", "mentions"}}


def feed(event: Event, said: Open) -> Draft:
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
        draft.identifiers = [(IDENTIFIERS[event.product], who)]
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
