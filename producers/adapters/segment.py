"""Segment's tracking API as the official SDKs speak it: identify, track, page, screen, group, alias, batch, import.

Format: Segment's page "HTTP API source", and what its Python, Node and browser SDKs send. `producers.dialects.segment`
holds the rules of a single message.
"""

import binascii
import hmac
import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final

import msgspec
import orjson
from pydantic import Field, SecretStr, field_validator

from producers.contract import Adapter, Bad, Delivery, Draft, MalformedError, Refused, SourceConfig
from producers.dialects.segment.faults import CALLS, Call
from producers.dialects.segment.message import Envelope, draft_of
from producers.json_text import mend, read, write
from schemas.fates import Fault, Reason
from schemas.interaction import Channel

_BY_PATH: Final[dict[str, Call]] = CALLS | {name[0]: name for name in CALLS.values()}
_BATCHES: Final = frozenset({"batch", "import", "b"})
_ENVELOPE: Final = frozenset({"batch", "writeKey", "sentAt", "context", "integrations"})
_ALONE: Final = Envelope()
_AROUND: Final = 16 << 10  # bytes; each rejected message of a batch is kept with what stood around it


class SegmentConfig(SourceConfig):
    """Keys of a `segment` source."""

    write_key: SecretStr = Field(description="what the SDKs call writeKey; no blanks, no colons")

    @field_validator("write_key")
    @classmethod
    def _usable(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[^\s:]+", value.get_secret_value()):
            msg = "set write_key to a text without blanks and colons: it travels as a user name"
            raise ValueError(msg)
        return value


class _Keyed(msgspec.Struct):
    """The one member of a body that tells its source; the others are skipped without being built."""

    writeKey: str | None = None  # noqa: N815  Segment's spelling


_decode_key: Final = msgspec.json.Decoder(_Keyed).decode


def key_of(delivery: Delivery) -> str | None:
    """The write key that a delivery names: Basic user name or Bearer token, else `writeKey` in the body.

    Pure; reads the body only where the headers hold no key. Never raises, whatever the bytes.
    """
    scheme, _, credentials = delivery.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "basic":
        key = _user_name(credentials)
    else:
        key = credentials.strip() if scheme.lower() == "bearer" else ""
    if key:
        return key
    try:
        return _decode_key(delivery.body).writeKey or None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _mended_key(delivery.body)


def _mended_key(raw: bytes) -> str | None:
    """The key of a body that half a character makes unreadable."""
    mended = mend(raw)
    if mended is raw:
        return None
    try:
        return _decode_key(mended).writeKey or None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _user_name(credentials: str) -> str:
    try:
        plain = binascii.a2b_base64(credentials.strip() + "==")  # some clients leave the padding out
    except (binascii.Error, ValueError):
        return ""
    return plain.partition(b":")[0].decode(errors="replace")


class Segment(Adapter[SegmentConfig]):
    """Segment's tracking API."""

    name = "segment"
    channels: ClassVar[frozenset[Channel]] = frozenset({"web", "mobile"})
    Config = SegmentConfig

    def verify(self, delivery: Delivery) -> Refused | None:
        """Whether the delivery names this source's write key."""
        key = key_of(delivery)
        if key is None:
            return Refused(
                "key_missing",
                "the request names no write key",
                "send it as the user name of Basic authentication, as a Bearer token, or as writeKey in the JSON body",
            )
        secret = self.config.write_key.get_secret_value().encode(errors="replace")
        if not hmac.compare_digest(key.encode(errors="replace"), secret):
            return Refused("key_wrong", "no source has this write key", "compare it with the write_key of the source")
        return None

    def decode(self, delivery: Delivery) -> list[Draft | Bad]:
        """One draft or fault for each message, in their order.

        Raises:
            MalformedError: the body is not JSON, or neither a message nor a batch.
        """
        body = _body(delivery.body)
        end = delivery.path.rstrip("/").rpartition("/")[2]
        call = _BY_PATH.get(end)
        if end not in _BATCHES and (call is not None or "batch" not in body):
            return [_item(body, call, "", _ALONE, partial(_alone, body, None))]
        messages, envelope = _batch(body)
        around = _around(body)
        return [
            _item(message, None, f"batch[{at}]", envelope, partial(_alone, message, around))
            for at, message in enumerate(messages, delivery.first)
        ]


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = read(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"the body is not JSON in UTF-8: {error}", "send one JSON object") from None
    if not isinstance(body, dict):
        raise MalformedError(
            "the body is JSON, but not an object", 'send one message, or {"batch": [...]} to /v1/batch'
        )
    return body


def _batch(body: dict[str, Any]) -> tuple[list[object], Envelope]:
    messages = body.get("batch")
    if not isinstance(messages, list):
        raise MalformedError("the body has no array `batch`", 'send {"batch": [{"type": "track", ...}, ...]}')
    for member in ("context", "integrations"):
        if not isinstance(body.get(member) or {}, dict):
            raise MalformedError(f"`{member}` of the batch is not an object", f"send an object, or no {member}")
    rest = {name: value for name, value in body.items() if name not in _ENVELOPE and value is not None}
    return messages, Envelope(body.get("context") or {}, body.get("integrations") or {}, body.get("sentAt"), rest)


def _around(body: dict[str, Any]) -> dict[str, Any]:
    """What a batch says beside its messages, to be kept with each that is rejected; nothing where it is large."""
    around = {name: value for name, value in body.items() if name not in ("batch", "writeKey")}
    return around if len(write(around)) <= _AROUND else {}


def _alone(message: object, around: dict[str, Any] | None) -> bytes:
    """The body of a delivery that holds this message only, in a batch where it came in one; without the key."""
    if isinstance(message, dict):
        message = {name: value for name, value in message.items() if name != "writeKey"}
    return write(message if around is None else around | {"batch": [message]})


def _item(message: object, call: Call | None, at: str, envelope: Envelope, alone: Callable[[], bytes]) -> Draft | Bad:
    if not isinstance(message, dict):
        return Bad(Fault(Reason.SCHEMA_INVALID, "a message must be an object", at), alone())
    made = draft_of(message, call, envelope)
    if isinstance(made, Draft):
        made.alone = alone
        return made
    message_id = message.get("messageId")
    return Bad(
        Fault(made.reason, made.detail, f"{at}.{made.path}".lstrip(".")),
        alone(),
        message_id if isinstance(message_id, str) and message_id else None,
    )
