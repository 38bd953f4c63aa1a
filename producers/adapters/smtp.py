"""Inbound mail: what customers write to us, and what comes back of what we wrote to them.

Formats: RFC 5322 (messages), RFC 2045 to 2049 (MIME), RFC 3464 (bounces), RFC 5965 (complaints), RFC 8098 (read
receipts), RFC 3834 (automatic replies), RFC 2919 (lists). A delivery is one mail as the SMTP door took it.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final, Literal

import orjson
from pydantic import AfterValidator, BeforeValidator, ByteSize, Field

from producers.contract import Adapter, Bad, Delivery, Draft, Refused, SourceConfig
from producers.dialects.dates import instant
from producers.dialects.mail.content import Content, content_of
from producers.dialects.mail.headers import Address, Headers, is_address
from producers.dialects.mail.reports import REPORTED, Report, reports_of
from producers.dialects.mail.structure import UnreadableError, parse
from schemas.fates import Fault, Reason
from schemas.interaction import MAX_SHORT, MAX_VALUE, Direction

_ROOM: Final = 248 << 10  # bytes of JSON that a draft may take: the interaction's limit without ids and times
_REPORT_TEXT: Final = 16 << 10  # bytes of a report's text: it stands in the draft of every recipient
_MOST_LISTED: Final = 100  # addresses, attachments and header fields
_LONGEST_FIELD: Final = 500
_ADDRESS: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,])+')
_TOLD: Final = frozenset(  # what the draft says otherwise, what describes the bytes, and what every hop adds
    {"from", "to", "cc", "subject", "date", "message-id", "reply-to", "list-id", "in-reply-to", "received"}
    | {"content-type", "content-transfer-encoding", "mime-version", "dkim-signature", "x-received", "delivered-to"}
    | {"arc-seal", "arc-message-signature", "arc-authentication-results", "x-google-dkim-signature", "received-spf"}
    | {"return-path"}
)


def _recipients(value: object) -> object:
    return tuple(part for part in re.split(r"[,\s]+", value) if part) if isinstance(value, str) else value


def _recipient(value: str) -> str:
    if not (is_address(value) or is_address(f"x{value}")):
        msg = "an address (support@example.com) or a domain (@example.com) is expected"
        raise ValueError(msg)
    return value.lower()


class SmtpConfig(SourceConfig):
    """Keys of a source."""

    recipients: Annotated[
        tuple[Annotated[str, AfterValidator(_recipient)], ...],
        BeforeValidator(_recipients),
        Field(min_length=1, description="addresses and @domains that it takes, in any case"),
    ]
    max_size: ByteSize = Field(ByteSize(25 << 20), ge=1, description="of one mail")


class Smtp(Adapter[SmtpConfig]):
    """A mail is one interaction; a report is one for each recipient that it is about."""

    name = "smtp"
    channels = frozenset({"email"})
    intake: ClassVar[Literal["http", "smtp", "file"]] = "smtp"
    Config = SmtpConfig

    def takes(self, address: str) -> bool:
        """Whether mail to this address is ours."""
        address = address.lower()
        local, at, domain = address.rpartition("@")
        return bool(local) and (address in self.config.recipients or at + domain in self.config.recipients)

    def verify(self, delivery: Delivery) -> Refused | None:
        """SMTP proves nothing of the sender; that every recipient is ours, it does."""
        recipients = _envelope(delivery, "x-envelope-to")
        if not recipients:
            return Refused("key_missing", "the mail has no recipient", "send it by SMTP")
        if not all(self.takes(address) for address in recipients):
            return Refused("key_wrong", "not for this source", "add the address to the source's recipients")
        return None

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """Drafts of type message, or of type delivery for reports."""
        try:
            items = self._items(delivery)
        except UnreadableError as error:
            items = [_bad(Reason.UNDECODABLE, str(error), delivery)]
        except Exception as error:  # noqa: BLE001  the standard library raises many kinds on the parameters of a part
            items = [_bad(Reason.UNDECODABLE, f"{type(error).__name__}: {error}"[:300], delivery)]
        yield from items

    def _items(self, delivery: Delivery) -> list[Draft | Bad]:
        if len(delivery.body) > self.config.max_size:
            return [_bad(Reason.TOO_LARGE, f"larger than max_size, {self.config.max_size} bytes", delivery)]
        mail = parse(delivery.body)
        headers, content, reports = Headers(mail), content_of(mail), reports_of(mail)
        drafts = [_about(report, headers, delivery) for report in reports] or [self._message(headers, delivery)]
        for number, draft in enumerate(drafts):
            if number and draft.message_id:
                draft.message_id = f"{draft.message_id[: MAX_SHORT - 8]}#{number + 1}"
            _fill(draft, content)
        drafts = drafts[delivery.first : delivery.first + 1] if delivery.first else drafts
        missing = "no address names a customer: neither From, Sender, Reply-To nor the envelope, nor the report"
        return [
            draft if draft.identifiers else _bad(Reason.IDENTIFIER_MISSING, missing, delivery, draft.message_id)
            for draft in drafts
        ]

    def _message(self, headers: Headers, delivery: Delivery) -> Draft:
        (name, address), agent, direction = self._parties(headers, delivery)
        draft = _draft("message", headers, delivery)
        draft.identifiers = [("email", address)] if 0 < len(address) <= MAX_VALUE else []
        draft.traits = {"name": name} if name and name != address else {}
        draft.name = headers.text("subject")[:MAX_SHORT] or None
        draft.agent, draft.direction = agent, direction
        draft.conversation = _thread(headers)
        return draft

    def _parties(self, headers: Headers, delivery: Delivery) -> tuple[Address, str | None, Direction]:
        """The customer, the agent, and who wrote to whom.

        Mail from an address of ours is a form of our site's that names the customer in Reply-To, or a copy of what an
        agent wrote to the first recipient that is not ours.
        """
        names = ("from", "sender", "reply-to")
        senders = [found for name in names for found in headers.addresses(name)]
        senders += [("", address) for address in _envelope(delivery, "x-envelope-from")]
        sender = senders[0] if senders else ("", "")
        if not self.takes(sender[1]):
            return sender, None, "inbound"
        for field in ("reply-to", "to", "cc"):
            for found in headers.addresses(field):
                if not self.takes(found[1]):
                    return (found, None, "inbound") if field == "reply-to" else (found, sender[1], "outbound")
        return sender, None, "inbound"


def _draft(kind: Literal["message", "delivery"], headers: Headers, delivery: Delivery) -> Draft:
    """What every mail has: ids, times, addresses, marks, circumstances."""
    message_id = next(iter(headers.ids("message-id")), None)
    draft = Draft("email", kind, message_id, instant(headers.raw("date")), [])
    for member in ("from", "to", "cc", "reply-to"):
        addresses = [address for _, address in headers.addresses(member)]
        if addresses and (member != "from" or len(addresses) > 1):
            draft.properties[member.replace("-", "_")] = [
                address[:_LONGEST_FIELD] for address in addresses[:_MOST_LISTED]
            ]
    if len(headers.text("subject")) > MAX_SHORT:
        draft.properties["subject"] = headers.text("subject")
    if listed := headers.text("list-id"):
        draft.properties["list_id"] = listed[:_LONGEST_FIELD]
    if replied := headers.ids("in-reply-to"):
        draft.properties["in_reply_to"] = replied[0]
    if _is_automatic(headers, delivery):
        draft.properties["auto_reply"] = True
    draft.context = _context(headers, delivery, draft)
    return draft


def _about(report: Report, headers: Headers, delivery: Delivery) -> Draft:
    """A report's draft: the customer is the recipient of what we sent."""
    draft = _draft("delivery", headers, delivery)
    draft.properties.pop("auto_reply", None)
    draft.name, draft.direction = report.name, "outbound"
    draft.identifiers = [("email", report.recipient)] if 0 < len(report.recipient) <= MAX_VALUE else []
    draft.properties |= {"subject": headers.text("subject")[:MAX_SHORT]} if "subject" in headers else {}
    draft.properties |= report.fields
    about = report.original
    if about is not None and (sent := about.ids("message-id")):
        draft.properties["original_message_id"] = sent[0]
    if about is not None and "subject" in about:
        draft.properties["original_subject"] = about.text("subject")[:MAX_SHORT]
    stated = str(report.fields.get("original_message_id") or "")[:MAX_SHORT]
    draft.conversation = (about and _thread(about)) or stated or _thread(headers)
    return draft


def _thread(headers: Headers) -> str | None:
    """The first message of the thread: the head of References, else what it replies to, else itself."""
    for field in ("references", "in-reply-to", "message-id"):
        if found := headers.ids(field):
            return found[0]
    return None


def _is_automatic(headers: Headers, delivery: Delivery) -> bool:
    """Whether a machine wrote it: RFC 3834, what mailers wrote before it, and the empty sender of notices."""
    submitted = headers.raw("auto-submitted").partition(";")[0].strip().lower()
    before = any(headers.raw(name).lower() not in ("", "no") for name in ("x-autoreply", "x-autorespond"))
    precedence = headers.raw("precedence").lower().replace("-", "_") == "auto_reply"
    nobody = delivery.headers.get("x-envelope-from", "?").strip() in ("", "<>")
    return submitted not in ("", "no") or before or precedence or nobody


def _context(headers: Headers, delivery: Delivery, draft: Draft) -> dict[str, Any]:
    """The circumstances; a retry may name fewer recipients, so they stand not where the context is part of the id."""
    context: dict[str, Any] = {"envelope_from": delivery.headers.get("x-envelope-from", "")[:_LONGEST_FIELD]}
    if draft.message_id:
        context["envelope_to"] = _envelope(delivery, "x-envelope-to")[:_MOST_LISTED]
    if "date" in headers and draft.occurred_at is None:
        context["date"] = headers.text("date")[:_LONGEST_FIELD]
    others = [(name, values) for name, values in headers.items(_LONGEST_FIELD) if name not in _TOLD]
    context["headers"] = {name[:100]: values[0] if len(values) == 1 else values for name, values in others[:60]}
    return {name: value for name, value in context.items() if value}


def _envelope(delivery: Delivery, name: str) -> list[str]:
    """The addresses of an envelope's field; a quoted local part may hold commas."""
    addresses = _ADDRESS.findall(delivery.headers.get(name, ""))
    return [address.strip(" \t<>") for address in addresses if address.strip(" \t<>")]


def _fill(draft: Draft, content: Content) -> None:
    """Attachments, and as much of the text as an interaction can hold."""
    of_report = REPORTED if draft.type == "delivery" else ()
    attachments = [each for each in content.attachments if each["type"] not in of_report]
    if attachments:
        draft.properties["attachments"] = attachments[:_MOST_LISTED]
    if len(attachments) > _MOST_LISTED:
        draft.properties["attachments_left_out"] = len(attachments) - _MOST_LISTED
    said = [draft.identifiers, draft.name, draft.conversation, draft.traits, draft.properties, draft.context]
    room = _ROOM - len(orjson.dumps(said))
    text = _fitting(content.text, min(room, _REPORT_TEXT) if draft.type == "delivery" else room)
    if len(text) < len(content.text) or not content.whole:
        draft.properties["text_truncated"] = True
    draft.text = text or None


def _fitting(text: str, room: int) -> str:
    """As much of the text as takes at most so many bytes in JSON."""
    while text and (size := len(orjson.dumps(text))) > room:
        text = text[: max(0, min(len(text) - 1, len(text) * room // size))]
    return text


def _bad(reason: Reason, detail: str, delivery: Delivery, message_id: str | None = None) -> Bad:
    return Bad(Fault(reason, detail), delivery.body, message_id)
