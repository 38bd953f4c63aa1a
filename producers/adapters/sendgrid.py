"""SendGrid: the Event Webhook, what became of the mails that we sent, signed with ECDSA.

Formats, below www.twilio.com/docs/sendgrid/for-developers/tracking-events/: event (the events);
getting-started-event-webhook-security-features (the signature: P-256, SHA-256 over the timestamp and the body).
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import AfterValidator, Field

from producers.contract import Adapter, Bad, Delivery, Draft, Refused, SourceConfig
from producers.dialects.named import named
from producers.dialects.reading import ItemError, digest, drafted, loaded, take_part, take_text, take_time, take_word
from schemas.fates import Reason
from schemas.interaction import Channel, Direction, Open
from schemas.units import Duration

_SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
_TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
_EVENTS: Final[dict[str, Direction]] = {  # what we and the servers did, and what the customer did with the mail
    "processed": "outbound", "dropped": "outbound", "delivered": "outbound", "deferred": "outbound",
    "bounce": "outbound", "blocked": "outbound", "open": "inbound", "click": "inbound", "spamreport": "inbound",
    "unsubscribe": "inbound", "group_unsubscribe": "inbound", "group_resubscribe": "inbound",
}  # fmt: skip
_CAMPAIGN: Final = "marketing_campaign_"
_OWN: Final = frozenset({"email"})  # SendGrid's, among the names that say whose an argument is


def _public_key(text: str) -> EllipticCurvePublicKey:
    """The key of a verification key: base64 of DER, with or without the lines of PEM around it.

    Raises:
        ValueError: it is none.
    """
    lines = [line for line in text.strip().splitlines() if not line.startswith("-----")]
    try:
        key = load_der_public_key(b64decode("".join(lines), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    msg = "not an ECDSA public key (P-256): copy the Verification Key of the webhook's Signature Verification whole"
    raise ValueError(msg)


def _checked(text: str) -> str:
    _public_key(text)
    return text


class SendGridConfig(SourceConfig):
    """The webhook's own keys."""

    verification_key: Annotated[str, AfterValidator(_checked)] = Field(
        description="Settings > Mail Settings > Event Webhooks > Signature Verification: the Verification Key"
    )
    tolerance: Annotated[Duration, Field(gt=timedelta(0))] = Field(
        timedelta(minutes=10), description="how far a delivery's timestamp may lie from its receipt"
    )


class SendGrid(Adapter[SendGridConfig]):
    """SendGrid's Event Webhook."""

    name = "sendgrid"
    channels = frozenset[Channel]({"email"})
    Config = SendGridConfig

    def __init__(self, config: SendGridConfig) -> None:
        super().__init__(config)
        self._key = _public_key(config.verification_key)

    def verify(self, delivery: Delivery) -> Refused | None:
        """The signature over timestamp and body; then that the timestamp is near the time of receipt."""
        signature, timestamp = delivery.headers.get(_SIGNATURE, ""), delivery.headers.get(_TIMESTAMP, "")
        if not signature or not timestamp:
            return Refused(
                "signature_missing",
                "the headers X-Twilio-Email-Event-Webhook-Signature and -Timestamp are expected",
                "enable Signature Verification of the Event Webhook; a proxy in between must pass its headers on",
            )
        if not self._is_signed(signature, timestamp.encode(errors="replace") + delivery.body):
            return Refused(
                "signature_wrong",
                "the signature does not fit the timestamp and the body",
                "set verification_key to the Verification Key of this very webhook",
            )
        return self._stale(timestamp, delivery.received_at)

    def _is_signed(self, signature: str, message: bytes) -> bool:
        try:
            der = b64decode(signature, validate=True)
            self._key.verify(der, message, ECDSA(SHA256()))
        except (InvalidSignature, Base64Error, ValueError):
            return False
        return b64encode(der).decode() == signature  # unused bits in the last character are set: someone changed it

    def _stale(self, timestamp: str, received_at: datetime) -> Refused | None:
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):  # noqa: PLR2004  to year 5138
            return Refused("malformed", "the timestamp is no Unix time", "this is not SendGrid's scheme: see its docs")
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
        if abs(received_at - sent_at) <= self.config.tolerance:
            return None
        return Refused(
            "signature_stale",
            f"signed at {sent_at:%Y-%m-%dT%H:%M:%SZ}, received at {received_at:%Y-%m-%dT%H:%M:%SZ}",
            "set this machine's clock; where deliveries wait for so long on their way, raise tolerance",
        )

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """One draft an event; docs/adapters/sendgrid.md says what becomes what."""
        if isinstance(document := loaded(delivery.body), Bad):
            yield document
            return
        events = document if isinstance(document, list) and document else [document]
        for number, event in enumerate(events, delivery.first):
            yield drafted(partial(_read, event), f"[{number}]" * (events is document), [event])


def _read(event: object) -> Draft:
    """The draft of an event; ItemError says why it is none."""
    if not isinstance(event, dict):
        raise ItemError(f"an event is an object, not {type(event).__name__}")
    said = dict(event)
    name = take_word(said, "event")
    if name not in _EVENTS:
        raise ItemError(f"no event that is known: {name}", "event")
    identifiers = [("email", email)] if (email := take_word(said, "email")) else []
    identifiers += _customers(said)
    if not identifiers:
        raise ItemError("names no customer", "email", Reason.IDENTIFIER_MISSING)
    return Draft(
        channel="email",
        type="delivery",
        message_id=take_word(said, "sg_event_id") or f"{name}:{digest(event)}",
        occurred_at=take_time(said, "timestamp"),
        identifiers=identifiers,
        name=name,
        direction=_EVENTS[name],
        conversation=_conversation(said),
        context=_circumstances(said),
        properties=said,
    )


def _circumstances(said: Open) -> Open:
    """The context, taken out of the event."""
    names = {"ip": "ip", "useragent": "user_agent"}
    context = {ours: said.pop(theirs) for theirs, ours in names.items() if theirs in said}
    campaign = [name for name in said if name.startswith(_CAMPAIGN)]
    if campaign:
        context["campaign"] = {name.removeprefix(_CAMPAIGN): said.pop(name) for name in campaign}
    return context


def _customers(said: Open) -> list[tuple[str, str]]:
    """Who is named among the custom arguments, which SendGrid mixes with its own members; they stay where they are."""
    mixed = {name: value for name, value in said.items() if name not in _OWN}
    return [*named(mixed), *named(take_part({**said}, "unique_args")), *named(take_part({**said}, "custom_args"))]


def _conversation(said: Open) -> str | None:
    """The mail: X-Message-Id, with which sg_message_id begins and from which SendGrid makes the Message-ID."""
    if message := take_text({**said}, "sg_message_id"):
        return message.partition(".filter")[0].partition(".recvd-")[0]
    message_id = (take_text({**said}, "smtp-id") or "").strip("<>")
    local, _, host = message_id.rpartition("@")
    return (local if "ismtpd" in host else message_id) or None
