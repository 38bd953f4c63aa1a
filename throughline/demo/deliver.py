"""Recorded deliveries, moved to now, signed as their vendors sign, and sent through the doors."""

import base64
import hashlib
import hmac
import json
import re
import smtplib
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from throughline.demo.sources import Doors
from throughline.failures import Failed

_MOMENT = re.compile(r'"@(iso|s|ms|rfc2822)\((-?\d+)\)"')
_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded delivery: whose dialect, what it is about, and its content."""

    adapter: str
    about: str
    content: dict[str, Any]


def recorded(now: float) -> Iterator[Recorded]:
    """All of them, in order, with their times before `now` (seconds since the epoch)."""
    for entry in sorted(files("throughline.demo").joinpath("deliveries").iterdir(), key=lambda e: e.name):
        text = _MOMENT.sub(lambda m: json.dumps(_moment(m[1], now + int(m[2]))), entry.read_text())
        content = json.loads(text)
        yield Recorded(content["adapter"], content["about"], content)


def _moment(form: str, at: float) -> str | int:
    moment = datetime.fromtimestamp(at, UTC)
    if form == "iso":
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if form == "rfc2822":
        return format_datetime(moment)
    return int(at * 1000) if form == "ms" else str(int(at))


def send(delivery: Recorded, doors: Doors) -> None:
    """Send one, as its vendor would.

    Raises:
        Failed: it was not accepted.
    """
    match delivery.adapter:
        case "segment":
            _send_segment(delivery.content, doors)
        case "meta":
            body = json.dumps(delivery.content["json"]).encode()
            mark = hmac.new(doors.app_secret.encode(), body, hashlib.sha256).hexdigest()
            _post(f"{doors.http}/sources/social", body, "application/json", {"X-Hub-Signature-256": f"sha256={mark}"})
        case "twilio_voice":
            for form in delivery.content["forms"]:
                _send_twilio(form, doors)
        case "sendgrid":
            _send_sendgrid(delivery.content, doors)
        case "smtp":
            _send_mail(delivery.content["mail"], doors)


def _send_segment(content: dict[str, Any], doors: Doors) -> None:
    credentials = base64.b64encode(f"{doors.write_key}:".encode()).decode()
    body = json.dumps(content["json"]).encode()
    _post(doors.http + content["path"], body, "application/json", {"Authorization": f"Basic {credentials}"})


def _send_twilio(form: dict[str, str], doors: Doors) -> None:
    url = f"{doors.http}/sources/calls"
    signed = url + "".join(name + form[name] for name in sorted(form))
    mark = base64.b64encode(hmac.new(doors.auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    _post(url, urlencode(form).encode(), "application/x-www-form-urlencoded", {"X-Twilio-Signature": mark})


def _send_sendgrid(content: dict[str, Any], doors: Doors) -> None:
    for event in content["json"]:
        event["timestamp"] = int(event["timestamp"])  # SendGrid writes seconds as a number, Meta as a string
    body, stamp = json.dumps(content["json"]).encode(), str(int(time.time()))
    mark = base64.b64encode(doors.signing_key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    prefix = "X-Twilio-Email-Event-Webhook"
    headers = {f"{prefix}-Signature": mark, f"{prefix}-Timestamp": stamp}
    _post(f"{doors.http}/sources/mailings", body, "application/json", headers)


def _post(url: str, body: bytes, content_type: str, headers: dict[str, str]) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": content_type, **headers})  # noqa: S310  our own door
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  as above
            answer.read()
    except OSError as error:
        msg = f"{url} did not accept a delivery: {error}"
        raise Failed(msg) from error


def _send_mail(mail: dict[str, str], doors: Doors) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail["from"], mail["to"], mail["subject"]
    message["Date"], message["Message-ID"] = mail["date"], mail["message_id"]
    message.set_content(mail["text"])
    host, _, port = doors.smtp.rpartition(":")
    try:
        with smtplib.SMTP(host, int(port), timeout=_TIMEOUT_S) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        msg = f"the SMTP door at {doors.smtp} did not accept a mail: {error}"
        raise Failed(msg) from error
