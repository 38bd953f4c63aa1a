"""Who may come in: this machine's own callers by name and password, never the page of another site."""

import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from throughline.gateway.asked import Credentials
from throughline.gateway.refusal import RefusedError


def check_origin(headers: Mapping[str, str], listen_host: str) -> None:
    """Refuse what a browser sends on behalf of another site.

    A page of another site can reach a loopback address by its own name (DNS rebinding: the Host header then holds that
    name) or by ours (the Origin and Sec-Fetch-Site headers then tell). An IP address as Host cannot be rebound.

    Raises:
        RefusedError: it does.
    """
    host = headers.get("host", "")
    name = _host(host)
    if not (name in ("localhost", listen_host) or name.endswith(".localhost") or _is_ip(name)):
        raise RefusedError(
            497, "ACCESS_DENIED", f"The Host header {host!r} is refused: use the IP address or localhost"
        )
    origin = headers.get("origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        raise RefusedError(497, "ACCESS_DENIED", "Requests of other sites' web pages are refused")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise RefusedError(497, "ACCESS_DENIED", "Requests of other sites' web pages are refused")


def check_password(told: Credentials, passwords: Mapping[str, str]) -> str:
    """The user, whose password is right; compared in constant time.

    Raises:
        RefusedError: it is not.
    """
    expected = passwords.get(told.user)
    right = hmac.compare_digest(told.password.encode(), (expected or "").encode())
    if expected and right:
        return told.user
    if not told.given:
        raise RefusedError(194, "REQUIRED_PASSWORD", "A user and a password are required: see docs/gateway.md")
    text = f"{told.user}: Authentication failed: password is incorrect, or there is no user with such name."
    raise RefusedError(516, "AUTHENTICATION_FAILED", text)


def _host(value: str) -> str:
    try:
        return (urlsplit(f"//{value}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
