"""Deterministic ids: the same delivery gives the same ids, however often it is sent."""

from collections.abc import Mapping
from hashlib import blake2b, sha1
from typing import Any, Final
from uuid import UUID

import orjson

NAMESPACE: Final = UUID("6a0f7c1e-5c1b-5f0e-9d55-7d1a3c0b9e42")  # of all UUIDs that Throughline makes; never changes
_NAMESPACE: Final = NAMESPACE.bytes
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # of a digest's digit, RFC 9562's
UNSAID: Final = frozenset(  # what may differ between copies, and what is made from the rest
    {"occurred_at", "sent_at", "received_at", "context", "event_id", "schema", "fingerprint", "replay_of"}
)


def uuid_of(*parts: str) -> UUID:
    """UUID version 5 (RFC 9562, section 5.5) of the parts, in our namespace.

    Parts are joined with a unit separator, so that ("a", "bc") and ("ab", "c") differ.
    """
    digest = bytearray(sha1(_NAMESPACE + "\x1f".join(parts).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def uuid_text(parts: bytes) -> str:
    """`str(uuid_of(...))` of parts that are joined already, in half the time: for ids that are only written."""
    said = sha1(_NAMESPACE + parts, usedforsecurity=False).hexdigest()
    return f"{said[:8]}-{said[8:12]}-5{said[13:16]}-{_VARIANT[said[16]]}{said[17:20]}-{said[20:32]}"


def event_id(tenant: str, source: str, message_id: str) -> UUID:
    """The id of an interaction whose provider gave it an id of its own."""
    return uuid_of("event", tenant, source, message_id)


def event_id_text(tenant: str, source: str, message_id: str) -> str:
    """The same as text, in half the time: for where it is only written."""
    return uuid_text(f"event\x1f{tenant}\x1f{source}\x1f{message_id}".encode())


def profile_id(tenant: str, subject: str) -> UUID:
    """The profile that a subject is by itself, at epoch 0. ClickHouse computes the same: `interactions.own_profile`."""
    return uuid_of(f"{tenant}|{subject}|0")


def fingerprint(document: Mapping[str, Any]) -> str:
    """64 bits of BLAKE2b (RFC 7693) over what was said, as 16 hexadecimal digits.

    Times and context are left out: an SDK that sends the same message again stamps it anew. `document` is an
    interaction as plain data; members that are None or empty count as absent.
    """
    said = {name: value for name, value in document.items() if name not in UNSAID and value not in (None, {}, [])}
    return mark_of(orjson.dumps(said, option=orjson.OPT_SORT_KEYS))


def mark_of(said: bytes) -> str:
    """The fingerprint of what was said, as sorted JSON without members that are None or empty."""
    return blake2b(said, digest_size=8).hexdigest()
