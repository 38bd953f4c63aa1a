"""Mail composed by the standard library and by hand; the golden cases, from the RFCs, are run by test_conformance."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from pydantic import ValidationError

from producers.adapters.smtp import Smtp, SmtpConfig
from producers.contract import Bad, Draft, Refused
from schemas.fates import Reason
from tests.producers.adapters.mails import DSN, HEAD, NOW, adapter, decode, delivery


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
