"""Mail that is too large, broken, or hostile, and mail that came through the real door."""

import asyncio
import smtplib
import socket
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import orjson
from hypothesis import given
from hypothesis import strategies as st

from producers.contract import Bad, Delivery, Draft, Refused
from producers.intake.smtp import MailServer
from producers.outcomes import Accepted, Outcome
from producers.seal import Origin, Sealed, seal
from producers.sources import Source
from schemas.fates import Reason
from tests.producers.adapters.mails import DSN, HEAD, LIMIT, NOW, adapter, bad, decode, delivery, sealed


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


def test_a_mail_that_cannot_be_read_is_kept_whole() -> None:
    for body in (b"Content-Type: message/rfc822\r\n\r\n" * 2000, b"Subject: x\r\n" + b"\r\n" * 700_000):
        unreadable = bad(body)
        assert unreadable.fault.reason is Reason.UNDECODABLE
        assert unreadable.body == body


def test_a_report_on_several_that_is_replayed_from_one_on_is_that_one() -> None:
    all_of_them = list(adapter().decode(delivery(DSN)))
    assert len(all_of_them) > 1
    assert list(adapter().decode(replace(delivery(DSN), first=1))) == [all_of_them[1]]


def test_a_failure_of_the_standard_library_is_a_bad_mail() -> None:
    digits = "9" * 4500  # int() refuses it, and so does the parser of parameters
    broken = f"{HEAD}Content-Type: text/plain\r\nContent-Disposition: inline; filename*{digits}*=x\r\n\r\nhello"
    (item,) = adapter().decode(delivery(broken))
    assert isinstance(item, Draft | Bad)


def test_a_mail_from_nobody_is_bad() -> None:
    nobody = bad("Subject: x\r\nMessage-ID: <7@x>\r\n\r\nhello", sender="")
    assert (nobody.fault.reason, nobody.message_id) == (Reason.IDENTIFIER_MISSING, "<7@x>")
    assert bad(f"From: {'a' * 600}@example.com\r\n\r\n", sender="").fault.reason is Reason.IDENTIFIER_MISSING


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
