"""Mails and an adapter to read them, for the tests of the smtp adapter."""

from datetime import UTC, datetime

from producers.adapters.smtp import Smtp, SmtpConfig
from producers.contract import Bad, Delivery, Draft
from producers.seal import Origin, Sealed, seal

NOW = datetime(2026, 3, 2, 17, 6, tzinfo=UTC)
HEAD = "From: Ada <ada@example.com>\r\nTo: support@shop.example\r\nMessage-ID: <1@example.com>\r\n"
LIMIT = 256 << 10


def adapter(recipients: object = "support@shop.example") -> Smtp:
    return Smtp(SmtpConfig.model_validate({"recipients": recipients}))


def delivery(body: str | bytes, to: str = "support@shop.example", sender: str = "ada@example.com") -> Delivery:
    data = body.encode() if isinstance(body, str) else body
    return Delivery("SMTP", "", "", {"x-envelope-from": sender, "x-envelope-to": to}, data, NOW)


def decode(body: str | bytes, sender: str = "ada@example.com", recipients: object = "@shop.example") -> Draft:
    (only,) = adapter(recipients).decode(delivery(body, sender=sender))
    assert isinstance(only, Draft), only
    return only


def bad(body: str | bytes, sender: str = "ada@example.com") -> Bad:
    (only,) = adapter().decode(delivery(body, sender=sender))
    assert isinstance(only, Bad), only
    return only


def sealed(draft: Draft, at: datetime = NOW) -> Sealed:
    result = seal(draft, Origin("default", "mail", "smtp"), at, LIMIT)
    assert isinstance(result, Sealed), result
    return result


DSN = """From: mailer-daemon@mx.test
Message-ID: <dsn@mx.test>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

not delivered
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; a@x.test
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; b@x.test
Action: delayed

Final-Recipient: unknown; c
Action: failed
--b
Content-Type: message/rfc822

Message-ID: <sent@shop.example>
References: <root@x.test> <asked@x.test>
Subject: =?utf-8?q?caf=C3=A9?=

hello
--b--
"""
