"""Mail composed by the standard library and by hand; the golden cases, from the RFCs, are run by test_conformance."""

import asyncio
import smtplib
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from producers.adapters.smtp import Smtp, SmtpConfig
from producers.contract import Bad, Delivery, Draft, Refused
from producers.intake.smtp import MailServer
from producers.outcomes import Accepted, Outcome
from producers.seal import Origin, Sealed, seal
from producers.sources import Source
from schemas.fates import Reason

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


@pytest.mark.parametrize(
    ("recipients", "address", "taken"),
    [
        ("support@shop.example", "support@shop.example", True),
        ("Support@Shop.Example", "SUPPORT@shop.EXAMPLE", True),
        ("support@shop.example", "sales@shop.example", False),
        ("@shop.example", "anyone@Shop.example", True),
        ("@shop.example", '"a,b"@shop.example', True),
        ("@shop.example", "a@sub.shop.example", False),
        ("@shop.example", "a@badshop.example", False),
        ("@shop.example", "shop.example", False),
        ("@shop.example", "@shop.example", False),
        ("a@x.test, b@y.test", "b@y.test", True),
        ("a@x.test b@y.test", "b@y.test", True),
        (["a@x.test", "@y.test"], "c@y.test", True),
        ("@shop.example", "", False),
    ],
)
def test_whose_mail_it_takes(recipients: object, address: str, taken: bool) -> None:
    assert adapter(recipients).takes(address) is taken
    refused = adapter(recipients).verify(delivery("", to=address))
    assert (refused is None) is taken


@pytest.mark.parametrize("recipients", ["", " ,", [], ["shop.example"], "a@x.test,", "a b@", "@", None, 7])
def test_recipients_that_are_none_are_refused(recipients: object) -> None:
    if recipients == "a@x.test,":
        assert adapter(recipients).config.recipients == ("a@x.test",)
        return
    with pytest.raises(ValidationError, match="recipients"):
        adapter(recipients)


def test_sizes_are_read_with_units() -> None:
    assert adapter().config.max_size == 25 << 20
    small = SmtpConfig.model_validate({"recipients": "a@x.test", "max_size": "1KiB"})
    (only,) = Smtp(small).decode(delivery(HEAD + "\r\n" + "x" * 1024))
    assert isinstance(only, Bad)
    assert only.fault.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("to", ["", " , ", "support@shop.example, x@y.test", "x@y.test", '"support@shop.example'])
def test_whoever_else_it_is_for_it_is_not_ours(to: str) -> None:
    refused = adapter().verify(delivery(HEAD, to=to))
    assert isinstance(refused, Refused)
    assert refused.code == ("key_wrong" if "@" in to else "key_missing")


def test_several_of_our_recipients_are_one_interaction() -> None:
    assert adapter("@shop.example").verify(delivery(HEAD, to='a@shop.example, "b, c"@shop.example')) is None
    (only,) = adapter("@shop.example").decode(delivery(HEAD, to='a@shop.example, "b, c"@shop.example'))
    assert isinstance(only, Draft)
    assert only.context["envelope_to"] == ["a@shop.example", '"b, c"@shop.example']


def test_a_mail_of_the_standard_library() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Ádá Lóvelace <ada@example.com>"
    mail["To"] = "support@shop.example"
    mail["Subject"] = "Café ☕ " * 20
    mail["Date"] = NOW
    mail["Message-ID"] = "<1@example.com>"
    mail.set_content("Bonjour,\noù est ma commande ?\n")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="reçu.pdf")
    said = decode(mail.as_bytes())
    assert said == Draft(
        "email",
        "message",
        "<1@example.com>",
        NOW,
        [("email", "ada@example.com")],
        name=("Café ☕ " * 20).strip(),
        direction="inbound",
        traits={"name": "Ádá Lóvelace"},
        conversation="<1@example.com>",
        text="Bonjour,\noù est ma commande ?",
        properties={
            "to": ["support@shop.example"],
            "attachments": [{"name": "reçu.pdf", "type": "application/pdf", "size": 4}],
        },
        context={"envelope_from": "ada@example.com", "envelope_to": ["support@shop.example"]},
    )


@pytest.mark.parametrize(
    ("fields", "root"),
    [
        ("References: <a@x> <b@x>\r\nIn-Reply-To: <b@x>\r\n", "<a@x>"),
        ("In-Reply-To: <b@x>\r\n", "<b@x>"),
        ("In-Reply-To: Your message of Monday <b@x>\r\n", "<b@x>"),
        ("References:\r\n", "<1@example.com>"),
        ("", "<1@example.com>"),
    ],
)
def test_the_thread_is_named_by_its_first_message(fields: str, root: str) -> None:
    assert decode(HEAD + fields).conversation == root


@pytest.mark.parametrize(
    ("fields", "sender", "automatic"),
    [
        ("Auto-Submitted: auto-replied\r\n", "a@x", True),
        ("Auto-Submitted: auto-generated; owner-email=a@x\r\n", "a@x", True),
        ("Auto-Submitted: no\r\n", "a@x", False),
        ("X-Autoreply: yes\r\n", "a@x", True),
        ("X-Autorespond: yes\r\n", "a@x", True),
        ("Precedence: auto_reply\r\n", "a@x", True),
        ("Precedence: bulk\r\n", "a@x", False),
        ("", "", True),
        ("", "<>", True),
        ("", "a@x", False),
    ],
)
def test_automatic_replies_are_marked(fields: str, sender: str, automatic: bool) -> None:
    assert decode(HEAD + fields, sender=sender).properties.get("auto_reply", False) is automatic


@pytest.mark.parametrize(
    ("fields", "customer", "agent", "direction"),
    [
        ("From: a@x.test", "a@x.test", None, "inbound"),
        ("From: a@x.test, b@x.test\r\nSender: b@x.test", "a@x.test", None, "inbound"),
        ("Sender: a@x.test", "a@x.test", None, "inbound"),
        ("Reply-To: a@x.test", "a@x.test", None, "inbound"),
        ("From: nobody", "e@x.test", None, "inbound"),
        ("From: web@shop.example\r\nReply-To: a@x.test", "a@x.test", None, "inbound"),
        ("From: eve@shop.example\r\nTo: bob@shop.example, a@x.test", "a@x.test", "eve@shop.example", "outbound"),
        ("From: eve@shop.example\r\nCc: a@x.test", "a@x.test", "eve@shop.example", "outbound"),
        ("From: eve@shop.example\r\nTo: bob@shop.example", "eve@shop.example", None, "inbound"),
    ],
)
def test_who_is_the_customer(fields: str, customer: str, agent: str | None, direction: str) -> None:
    said = decode(fields + "\r\n\r\nhello", sender="e@x.test")
    assert (said.identifiers, said.agent, said.direction) == ([("email", customer)], agent, direction)


@pytest.mark.parametrize("date", ["Someday", "Mon, 32 Mar 2026 17:00:00 +0000", "1 Jan 1926 00:00:00 GMT", ""])
def test_a_date_that_is_none_is_kept(date: str) -> None:
    said = decode(f"{HEAD}Date: {date}\r\n")
    assert said.occurred_at is None
    assert said.context.get("date", "") == date


def test_text_that_does_not_fit_is_cut_and_says_so() -> None:
    for text in ("x" * 300_000, "\x01" * 300_000, "☕" * 300_000, 'a"\\\n' * 100_000):
        said = decode(HEAD + "\r\n" + text)
        assert said.properties["text_truncated"] is True
        assert said.text
        assert text.startswith(said.text)
        assert 200_000 < len(sealed(said).value) <= LIMIT


def test_text_that_fits_is_whole() -> None:
    said = decode(HEAD + "\r\n" + "x" * 200_000)
    assert said.text == "x" * 200_000
    assert "text_truncated" not in said.properties


def test_large_heads_leave_room() -> None:
    many = ", ".join(f"{'u' * 200}{n}@example.com" for n in range(5000))
    fields = "".join(f"X-Field-{n}: {'v' * 900}\r\n" for n in range(500))
    parts = "".join(f'--b\r\nContent-Type: x/y; name="{"n" * 300}{n}"\r\n\r\n\r\n' for n in range(150))
    kind = "Content-Type: multipart/mixed; boundary=b\r\n"
    said = decode(f"{HEAD}Cc: {many}\r\nSubject: {'s' * 5000}\r\n{fields}{kind}\r\n{parts}--b--\r\n")
    assert len(sealed(said).value) <= LIMIT
    assert said.properties["attachments_left_out"] == 50
    assert len(said.name or "") == 1024
    assert len(said.properties["subject"]) == 5000


def test_a_mail_that_cannot_be_read_is_kept_as_far_as_there_is_room() -> None:
    small = bad(b"Content-Type: message/rfc822\r\n\r\n" * 2000)
    assert small.fault.reason is Reason.UNDECODABLE
    assert small.body == b"Content-Type: message/rfc822\r\n\r\n" * 2000
    large = bad(b"Subject: x\r\n" + b"\r\n" * 700_000)
    assert len(large.body) == LIMIT
    assert "of 1400012 bytes the first 262144 are kept" in large.fault.detail


def test_a_failure_of_the_standard_library_is_a_bad_mail() -> None:
    digits = "9" * 4500  # int() refuses it, and so does the parser of parameters
    broken = f"{HEAD}Content-Type: text/plain\r\nContent-Disposition: inline; filename*{digits}*=x\r\n\r\nhello"
    (item,) = adapter().decode(delivery(broken))
    assert isinstance(item, Draft | Bad)


def test_a_mail_from_nobody_is_bad() -> None:
    nobody = bad("Subject: x\r\nMessage-ID: <7@x>\r\n\r\nhello", sender="")
    assert (nobody.fault.reason, nobody.message_id) == (Reason.IDENTIFIER_MISSING, "<7@x>")
    assert bad(f"From: {'a' * 600}@example.com\r\n\r\n", sender="").fault.reason is Reason.IDENTIFIER_MISSING


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


def test_a_bounce_is_an_item_for_each_recipient() -> None:
    first, second, third = adapter().decode(delivery(DSN.replace("\n", "\r\n"), sender=""))
    assert isinstance(first, Draft)
    assert isinstance(second, Draft)
    assert (first.message_id, second.message_id) == ("<dsn@mx.test>", "<dsn@mx.test>#2")
    assert (first.type, first.name, first.direction, second.name) == ("delivery", "bounce", "outbound", "deferred")
    assert first.conversation == "<root@x.test>"
    assert first.properties["original_message_id"] == "<sent@shop.example>"
    assert first.properties["original_subject"] == "café"
    assert (first.properties["status"], first.text) == ("5.1.1", "not delivered")
    assert "attachments" not in first.properties
    assert isinstance(third, Bad)
    assert (third.fault.reason, third.message_id) == (Reason.IDENTIFIER_MISSING, "<dsn@mx.test>#3")


def test_a_report_that_cannot_be_read_is_a_message() -> None:
    said = decode(DSN.replace("Final-Recipient", "X-Other").replace("\n", "\r\n"), sender="")
    assert (said.type, said.identifiers) == ("message", [("email", "mailer-daemon@mx.test")])
    assert said.properties["auto_reply"] is True


@given(st.binary(max_size=600), st.text(max_size=30))
def test_no_bytes_raise(body: bytes, envelope: str) -> None:
    for data in (body, HEAD.encode() + body, DSN.replace("\n", "\r\n").encode() + body, body + DSN.encode()):
        mail = delivery(data, to=envelope, sender=envelope)
        verdict = adapter().verify(mail)
        assert verdict is None or isinstance(verdict, Refused)
        for item in adapter().decode(mail):
            assert isinstance(item, Draft | Bad)
            if isinstance(item, Draft):
                seal(item, Origin("default", "mail", "smtp"), NOW, LIMIT)


FRAGMENTS = [
    "Content-Type: ", "multipart/mixed", "multipart/alternative", "multipart/report", "message/rfc822", "text/html",
    "message/delivery-status", "; boundary=b", "; boundary*0*=''b", '; name="', "; charset=", "utf-7", "hex", "--b",
    "--b--", "Content-Transfer-Encoding: ", "base64", "x-uuencode", "begin 644 x", "From: ", "Date: ", "To: ", "<a@b>",
    "Subject: ", "=?utf-8?b?", "?=", "(", '"', ";", ",", "\x00", "\xff", "%", "&#", "<", "9", "a@b.test", "\r\n",
    "Content-Disposition: attachment", "; filename*1*=", "; filename*0=", "Final-Recipient: rfc822;", "\r\n\r\n",
]  # fmt: skip
fragments = st.sampled_from(FRAGMENTS)


@given(st.lists(fragments, max_size=60))
def test_no_mail_raises(pieces: list[str]) -> None:
    for item in adapter().decode(delivery("".join(pieces).encode("latin-1"))):
        assert isinstance(item, Draft | Bad)


@given(st.lists(fragments, max_size=30), st.booleans())
def test_a_retry_has_the_same_id_and_the_same_content(pieces: list[str], named: bool) -> None:
    head = HEAD if named else HEAD.replace("Message-ID", "X-Id")
    first = delivery((head + "".join(pieces)).encode("latin-1"), to="a@shop.example, b@shop.example")
    again = replace(first, headers=dict(first.headers) | {"x-envelope-to": "b@shop.example"})
    again = replace(again, received_at=NOW + timedelta(hours=4))
    marks = []
    for copy in (first, again):
        items = [item for item in adapter().decode(copy) if isinstance(item, Draft)]
        seals = [seal(item, Origin("default", "mail", "smtp"), copy.received_at, LIMIT) for item in items]
        marks.append([(s.event_id, orjson.loads(s.value)["fingerprint"]) for s in seals if isinstance(s, Sealed)])
    assert marks[0] == marks[1]


class Noting:
    """An acceptor that notes what came through the door and was authentic."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []

    async def accept(self, source: Source, mail: Delivery) -> Outcome:
        refused = source.adapter.verify(mail)
        if refused is not None:
            return refused
        self.drafts += [item for item in source.adapter.decode(mail) if isinstance(item, Draft)]
        return Accepted([])


async def test_what_smtplib_sends_through_the_door_is_what_is_read() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "ada@example.com", "Support@shop.example", "<1@example.com>"
    mail.set_content(".hello\n..there\n")
    noting = Noting()
    listening = socket.create_server(("127.0.0.1", 0))
    door = MailServer([Source(Origin("default", "mail", "smtp"), adapter())], noting)
    await door.start(listening)
    refused = await asyncio.to_thread(send, mail, listening.getsockname()[1])
    await door.close(5)
    assert list(refused) == ["x@elsewhere.example"]
    (said,) = noting.drafts
    assert (said.text, said.context["envelope_to"]) == (".hello\n..there", ["Support@shop.example"])


def send(mail: EmailMessage, port: int) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        return client.send_message(mail, to_addrs=["Support@shop.example", "x@elsewhere.example"])
