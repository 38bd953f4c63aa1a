"""Any channel by webhook, signed as Standard Webhooks 1.0.0 asks (https://www.standardwebhooks.com).

Signed is `{webhook-id}.{webhook-timestamp}.{body}`: `v1` by HMAC-SHA256 with a shared `whsec_` secret, `v1a` by Ed25519
for a `whpk_` public key. The id stays the same on every retry and is the message id; the timestamp is that of the
attempt. Senders on Svix name the same headers `svix-...`.
"""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from producers.contract import Adapter, Bad, Delivery, Draft, Refused
from producers.dialects.mapped import MappedConfig, draft_of
from producers.dialects.mapping import RulesField, default
from producers.dialects.paths import Path, PathField, around, take_out, values
from producers.json_text import read, write
from schemas.fates import Fault, Reason
from schemas.interaction import CHANNELS
from schemas.units import Duration

_SHORTEST: Final = 16  # bytes of a secret; the specification asks senders for 24 to 64
_PUBLIC: Final = "whpk_"
_MOST_SIGNATURES: Final = 8  # in one header: more is no rotation of keys
_ENVELOPE: Final = 16 << 10  # bytes; a larger one goes with the first item alone, or a body would grow a thousandfold
_DEFAULT: Final = default("data.", times=("timestamp",))


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _key_of(secret: SecretStr) -> bytes:
    text = secret.get_secret_value().removeprefix("whsec_").removeprefix(_PUBLIC)
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


def _sound(secret: SecretStr) -> SecretStr:
    try:
        key = _key_of(secret)
    except (binascii.Error, ValueError):
        raise ValueError("not base64: copy the sender's signing secret whole, as whsec_...") from None
    if secret.get_secret_value().startswith(_PUBLIC):
        Ed25519PublicKey.from_public_bytes(key)  # raises ValueError where it is none
    elif len(key) < _SHORTEST:
        raise ValueError(f"{len(key)} bytes: a signing secret has at least {_SHORTEST}")
    return secret


class WebhookConfig(MappedConfig):
    """Keys of a webhook source."""

    secret: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_sound)], ...],
        BeforeValidator(_listed),
        Field(min_length=1, description="whsec_..., or whpk_... for Ed25519; a list of them while keys change"),
    ]
    tolerance: Duration = Field(timedelta(minutes=5), description="of webhook-timestamp against the time of receipt")
    items: PathField | None = Field(None, description="where in the body several interactions stand, as data.events")
    map: RulesField = Field(_DEFAULT, description="members of the interaction by paths into the body")


class Webhook(Adapter[WebhookConfig]):
    """Standard Webhooks with a declarative mapping."""

    name = "webhook"
    channels = frozenset(CHANNELS)
    Config = WebhookConfig

    def __init__(self, config: WebhookConfig) -> None:
        super().__init__(config)
        public = [s for s in config.secret if s.get_secret_value().startswith(_PUBLIC)]
        self._shared = [_key_of(s) for s in config.secret if s not in public]
        self._public = [Ed25519PublicKey.from_public_bytes(_key_of(s)) for s in public]

    def verify(self, delivery: Delivery) -> Refused | None:
        """The signature, then the age of the attempt, against the time of receipt."""
        message_id, stamp, signatures = (_header(delivery, part) for part in ("id", "timestamp", "signature"))
        if not (message_id and stamp and signatures):
            return Refused(
                "signature_missing",
                "the headers webhook-id, webhook-timestamp and webhook-signature are needed",
                "send Standard Webhooks (https://www.standardwebhooks.com), signed with this source's secret",
            )
        signed = b"%b.%b.%b" % (message_id.encode(errors="replace"), stamp.encode(errors="replace"), delivery.body)
        if not self._is_ours(signatures.split(" ")[:_MOST_SIGNATURES], signed):
            return Refused(
                "signature_wrong",
                "no signature in webhook-signature is that of this source's secret",
                "compare the secret with the sender's; a proxy must not change the body",
            )
        age = _age(delivery, stamp)
        if age is None or abs(age) > self.config.tolerance:
            return Refused(
                "signature_stale",
                f"webhook-timestamp is more than {self.config.tolerance.total_seconds():g} s from the time here",
                "sign every attempt anew; check both clocks",
            )
        return None

    def _is_ours(self, signatures: list[str], signed: bytes) -> bool:
        """Whether one of the signatures is by one of our keys: several while keys change, on either side."""
        expected = [hmac.digest(key, signed, "sha256") for key in self._shared]
        for signature in signatures:
            version, _, text = signature.partition(",")
            try:
                given = b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                continue
            if version == "v1" and any(hmac.compare_digest(ours, given) for ours in expected):
                return True
            if version == "v1a" and any(_is_signed(key, given, signed) for key in self._public):
                return True
        return False

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """One interaction; or one for each item, where the body is a list or `items` names one."""
        message_id = _header(delivery, "id") or None
        try:
            document = read(delivery.body)
        except orjson.JSONDecodeError as error:
            yield Bad(Fault(Reason.NOT_JSON, f"not JSON in UTF-8: {error}"), delivery.body, message_id)
            return
        found = _items(document, self.config.items)
        if found is None:
            yield self._item(document, lambda: delivery.body, message_id, document)
            return
        items, where = found
        envelope = _envelope(document, self.config.items)
        small = len(write(envelope)) <= _ENVELOPE
        for number, item in enumerate(items, delivery.first):
            alone = partial(self._alone, write(item), envelope if small else {})  # the item is about to be consumed
            made = self._item(item, alone, message_id and f"{message_id}:{number}", document, f"{where}[{number}]")
            if isinstance(made, Draft):
                made.alone = alone
                if envelope and (small or number == 0):
                    made.context["envelope"] = envelope
            yield made

    def _alone(self, item: bytes, envelope: dict[str, Any]) -> bytes:
        """A body that holds this item only, in what stood around all of them."""
        path = self.config.items
        return write([read(item)] if path is None else around(envelope, path, read(item)))

    def _item(
        self, item: object, alone: Callable[[], bytes], message_id: str | None, whole: object, where: str = ""
    ) -> Draft | Bad:
        config = self.config
        made = draft_of(item, config.map, config.channel, config.timezone, whole=whole, message_id=message_id)
        if isinstance(made, Draft):
            return made
        path = ".".join(part for part in (where, made.path) if part)
        return Bad(Fault(made.reason, made.detail, path), alone(), message_id)


def _header(delivery: Delivery, part: str) -> str:
    return delivery.headers.get(f"webhook-{part}") or delivery.headers.get(f"svix-{part}") or ""


def _age(delivery: Delivery, stamp: str) -> timedelta | None:
    """How long ago the attempt was; None where its timestamp is none: whole seconds since 1970."""
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):  # noqa: PLR2004  seconds of 30,000 years
        return None
    return timedelta(seconds=delivery.received_at.timestamp() - int(stamp))


def _is_signed(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _items(document: object, path: Path | None) -> tuple[list[Any], str] | None:
    """The items and where they stand; None where the body is one interaction."""
    if path is None:
        return (document, "") if isinstance(document, list) else None
    found = values(document, path)
    if len(found) == 1 and isinstance(found[0], list):
        return found[0], path.text
    return (found, path.text) if found else None


def _envelope(document: object, path: Path | None) -> dict[str, Any]:
    """What stands around the items."""
    if path is None or not isinstance(document, dict):
        return {}
    envelope: dict[str, Any] = orjson.loads(write(document))  # the items are about to be consumed
    take_out(envelope, path)
    return envelope
