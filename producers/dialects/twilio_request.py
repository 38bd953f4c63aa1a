"""A request of Twilio: whether Twilio signed it, and what it says.

Format: Twilio's page "Security", section "Validating requests are coming from Twilio", and what the official
RequestValidator adds to it: the URL with and without its port, and X-Twilio-Webhooks-Signature-Settings.
"""

import hmac
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from producers.contract import Delivery

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 1000  # Twilio sends some forty
_HASH: Final = "bodySHA256"
_ALGORITHMS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#@]*@)?(?P<host>\[[^\]/?#]*\]|[^/?#:@]*)(?::(?P<port>\d+))?(?P<rest>.*)",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)


def is_signed(delivery: Delivery, key: bytes) -> bool:
    """Whether X-Twilio-Signature covers the public URL with these fields, or with this body's hash in it.

    Raises:
        ValueError: too many fields.
    """
    given = delivery.headers.get("x-twilio-signature", "").encode(errors="replace")
    algorithm = _algorithm(delivery.headers.get("x-twilio-webhooks-signature-settings", ""))
    fields = _fields_signed(delivery)
    if algorithm is None or fields is None:
        return False
    expected = [
        b64encode(hmac.digest(key, url.encode(errors="replace") + fields, algorithm)) for url in _urls(delivery.url)
    ]
    return any(hmac.compare_digest(signature, given) for signature in expected)


def parameters(delivery: Delivery) -> list[Any]:
    """What it says: one object of texts for a GET or a form, what the JSON holds (a list's members) for JSON.

    The query of a POST is the subscriber's own; it gives what the body does not say.

    Raises:
        ValueError: neither a form nor JSON, or too many fields.
    """
    asked = dict(_texts(_query(delivery.url) or delivery.query))
    asked.pop(_HASH, None)
    if delivery.method == "GET" or not delivery.body:
        return [asked]
    if not _is_hashed(delivery):
        return [asked | dict(_texts(delivery.body.decode("latin-1")))]
    document = orjson.loads(delivery.body)
    members = document if isinstance(document, list) else [document]
    return [asked | member if isinstance(member, dict) else member for member in members]


def _fields_signed(delivery: Delivery) -> bytes | None:
    """What the signature covers beyond the URL; None where nothing covers the body."""
    if delivery.method == "GET":
        return b""
    if not _is_hashed(delivery):
        pairs = _pairs(delivery.body.decode("latin-1"))
        return "".join(name + value for name, value in sorted(set(pairs))).encode("latin-1")
    wanted = dict(reversed(_texts(_query(delivery.url)))).get(_HASH, "")
    digest = sha256(delivery.body).hexdigest()
    return b"" if hmac.compare_digest(digest.encode(), wanted.encode(errors="replace")) else None


def _is_hashed(delivery: Delivery) -> bool:
    """Whether the body is no form: then its hash must stand in the signed URL."""
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(delivery.body) and kind != _FORM and (bool(kind) or f"{_HASH}=" in delivery.url)


def _algorithm(settings: str) -> str | None:
    """`key=...,algorithm=HMAC_SHA256` of webhooks signed with a shared key; without it, HMAC-SHA1 with the token."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _ALGORITHMS.get(value.strip().upper())
    return "sha1"


def _urls(url: str) -> tuple[str, ...]:
    """The URL without and with its port: which one Twilio signs depends on scheme and product."""
    match = _URL.fullmatch(url)
    if match is None:
        return (url,)
    start = f"{match['scheme']}://{match['host']}"
    port = match["port"] or ("443" if match["scheme"].lower() == "https" else "80")
    return f"{start}{match['rest']}", f"{start}:{port}{match['rest']}"


def _query(url: str) -> str:
    return url.partition("#")[0].partition("?")[2]


def _pairs(text: str) -> list[tuple[str, str]]:
    """A form's fields, as Latin-1 text that stands for the bytes, so that the signature sees what was sent."""
    return parse_qsl(text, keep_blank_values=True, encoding="latin-1", max_num_fields=_MOST_FIELDS)


def _texts(form: str) -> list[tuple[str, str]]:
    pairs = _pairs(form.encode("latin-1", errors="replace").decode("latin-1"))
    return [(_utf8(name), _utf8(value)) for name, value in pairs]


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode(errors="replace")
