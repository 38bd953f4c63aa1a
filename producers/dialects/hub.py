"""The webhook scheme of WebSub, as Meta and others use it: a challenge by GET, and a signature with a shared secret.

Formats: https://www.w3.org/TR/websub/ (section 7.1, there in the header X-Hub-Signature);
developers.facebook.com/docs/graph-api/webhooks/getting-started.
"""

import hmac
from urllib.parse import parse_qs

from producers.contract import Delivery, Refused, Reply


def signed(delivery: Delivery, secret: str, remedy: str) -> Refused | None:
    """Whether X-Hub-Signature-256 is `sha256=` and the hexadecimal HMAC of the raw body; None when it is.

    Args:
        delivery: as it came.
        secret: the key.
        remedy: what to do where the signature is wrong: which key to set from where.
    """
    given = delivery.headers.get("x-hub-signature-256", "")
    if not given:
        return Refused(
            "signature_missing",
            "the header X-Hub-Signature-256 is missing",
            "only the vendor may call this URL; a proxy in between must pass its headers on",
        )
    wanted = "sha256=" + hmac.new(secret.encode(), delivery.body, "sha256").hexdigest()
    if hmac.compare_digest(wanted.encode(), given.encode(errors="replace")):
        return None
    return Refused("signature_wrong", "X-Hub-Signature-256 does not fit the body", remedy)


def challenged(delivery: Delivery, token: str) -> Reply | None:
    """The challenge as it came, for whoever knows the token; else 403. None for a GET that asks for none."""
    asked = {name: values[0] for name, values in parse_qs(delivery.query, errors="replace").items()}
    if "hub.mode" not in asked:
        return None
    given = asked.get("hub.verify_token", "").encode(errors="replace")
    if asked["hub.mode"] == "subscribe" and hmac.compare_digest(token.encode(), given):
        return Reply(200, asked.get("hub.challenge", "").encode(errors="replace"))
    return Reply(403, b"hub.verify_token is not the token that this source is configured with\n")
