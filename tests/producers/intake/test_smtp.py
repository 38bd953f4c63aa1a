import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import ClassVar

import pytest

from producers.adapters import ROLL
from producers.contract import Adapter, Bad, Delivery, Draft, MalformedError, Refused, SourceConfig
from producers.intake import smtp
from producers.intake.connections import bound
from producers.intake.smtp import MailServer
from producers.outcomes import Held
from producers.seal import Origin
from producers.sources import Source
from schemas.fates import Fault, Reason
from schemas.interaction import Channel
from tests.producers.doubles import KeptPublisher, acceptor

MESSAGE = b"From: ada@example.com\r\nTo: help@shop.example\r\nSubject: x\r\n\r\nHello\r\n..leading dot\r\n"


class MailConfig(SourceConfig):
    recipients: tuple[str, ...]
    max_size: int = 10_000


class Mail(Adapter[MailConfig]):
    """The least adapter of mail."""

    name = "mail"
    channels: ClassVar[frozenset[Channel]] = frozenset({"email"})
    intake = "smtp"
    Config = MailConfig

    def __init__(self, config: MailConfig) -> None:
        super().__init__(config)
        self.seen: list[Delivery] = []
        self.refusal: Refused | None = None

    def takes(self, address: str) -> bool:
        return address in self.config.recipients or f"@{address.rpartition('@')[2]}" in self.config.recipients

    def verify(self, delivery: Delivery) -> Refused | None:
        return self.refusal

    def decode(self, delivery: Delivery) -> list[Draft | Bad]:
        self.seen.append(delivery)
        if b"malformed" in delivery.body:
            raise MalformedError("not mail", "send mail")
        if b"bad" in delivery.body:
            return [Bad(Fault(Reason.SCHEMA_INVALID, "no"), delivery.body)]
        return [Draft("email", "message", None, None, [("email", "ada@example.com")])]


def test_every_adapter_of_mail_says_what_it_takes() -> None:
    for adapter in ROLL.values():
        if adapter.intake == "smtp":
            assert callable(getattr(adapter, "takes", None))
            assert "max_size" in adapter.Config.model_fields


class Post:
    """A running mail server and a client's connection to it."""

    def __init__(self) -> None:
        self.publisher = KeptPublisher()
        self.help = Mail(MailConfig(recipients=("help@shop.example",)))
        self.sales = Mail(MailConfig(recipients=("@sales.example",), max_size=5_000))
        self.server = MailServer(
            [
                Source(Origin("default", name, "mail"), mail)
                for name, mail in (("help", self.help), ("sales", self.sales))
            ],
            acceptor(self.publisher),
        )
        self.port = 0

    async def talk(self, *lines: bytes) -> list[str]:
        """Say these lines after EHLO, one at a time; the last answer to each."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answers = [await answer(reader)]
        for line in (b"EHLO client", *lines):
            writer.write(line + b"\r\n")
            answers.append(await answer(reader))
        writer.close()
        return answers[2:]

    async def mail(self, body: bytes, *recipients: bytes, sender: bytes = b"ada@example.com") -> str:
        to = [b"RCPT TO:<" + recipient + b">" for recipient in recipients]
        return (await self.talk(b"MAIL FROM:<" + sender + b">", *to, b"DATA", body + b"\r\n."))[-1]


async def answer(reader: asyncio.StreamReader) -> str:
    while True:
        line = (await reader.readline()).decode()
        if line[3:4] != "-":
            return line.strip()


@asynccontextmanager
async def running() -> AsyncIterator[Post]:
    post = Post()
    listening = bound("127.0.0.1:0")
    post.port = listening.getsockname()[1]
    await post.server.start(listening)
    try:
        yield post
    finally:
        await post.server.close(1)


async def test_mail_is_accepted_when_kafka_has_it() -> None:
    async with running() as post:
        assert (await post.mail(MESSAGE, b"help@shop.example")).startswith("250 ")
        (seen,) = post.help.seen
        assert (seen.method, seen.body) == ("SMTP", MESSAGE.replace(b"\r\n..", b"\r\n.") + b"\r\n")
        assert seen.headers == {"x-envelope-from": "ada@example.com", "x-envelope-to": "help@shop.example"}
        assert len(post.publisher.records) == 1


async def test_the_standard_library_can_send_to_it() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@example.com", "help@shop.example", "Grüße"
    message.set_content("Straße\n" * 10)

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            assert client.ehlo()[0] == 250
            assert client.esmtp_features["size"] == "10000"
            assert client.has_extn("smtputf8")
            client.send_message(message)

    async with running() as post:
        await asyncio.to_thread(send, post.port)
        assert "Grüße".encode() in post.help.seen[0].body or b"=?utf-8?" in post.help.seen[0].body


async def test_it_is_no_relay() -> None:
    async with running() as post:
        answers = await post.talk(b"MAIL FROM:<ada@example.com>", b"RCPT TO:<x@elsewhere.example>", b"DATA")
        assert [line[:3] for line in answers] == ["250", "550", "503"]
        assert not post.publisher.records


async def test_nothing_is_told_about_who_is_here() -> None:
    async with running() as post:
        answers = await post.talk(
            b"VRFY help@shop.example", b"VRFY nobody@shop.example", b"EXPN staff", b"AUTH PLAIN x"
        )
        assert answers[0] == answers[1]
        assert [line[:1] for line in answers[2:]] == ["5", "5"]


async def test_a_message_for_two_sources_is_delivered_to_each() -> None:
    async with running() as post:
        said = await post.mail(MESSAGE, b"a@sales.example", b"help@shop.example", b"b@sales.example")
        assert said.startswith("250")
        assert post.sales.seen[0].headers["x-envelope-to"] == "a@sales.example, b@sales.example"
        assert post.help.seen[0].headers["x-envelope-to"] == "help@shop.example"


async def test_a_bounce_has_no_sender() -> None:
    async with running() as post:
        assert (await post.mail(MESSAGE, b"help@shop.example", sender=b"")).startswith("250")
        assert post.help.seen[0].headers["x-envelope-from"] == ""


async def test_the_answer_names_the_event_id() -> None:
    async with running() as post:
        said = await post.mail(MESSAGE, b"help@shop.example")
        ((_, key, _),) = post.publisher.records
        assert said == f"250 2.0.0 accepted as {key.decode().removeprefix('default:')}"


@pytest.mark.parametrize(
    ("body", "recipient", "code"),
    [
        (b"malformed", b"help@shop.example", "554"),
        (b"bad", b"help@shop.example", "250"),  # kept whole in `rejected`
        (b"x" * 60 + (b"\r\n" + b"y" * 70) * 80, b"x@sales.example", "552"),
        (b"x" * 60 + (b"\r\n" + b"y" * 70) * 200, b"help@shop.example", "552"),
        (b"x" * 5_000, b"help@shop.example", "250"),  # one long line
    ],
)
async def test_each_message_has_the_answer_that_it_deserves(body: bytes, recipient: bytes, code: str) -> None:
    async with running() as post:
        assert (await post.mail(body, recipient)).startswith(code)
        assert bool(post.publisher.records) == (code == "250")


async def test_the_size_is_refused_before_it_is_sent() -> None:
    async with running() as post:
        answers = await post.talk(b"MAIL FROM:<ada@example.com> SIZE=10001", b"MAIL FROM:<ada@example.com> SIZE=10000")
        assert [line[:3] for line in answers] == ["552", "250"]


async def test_without_kafka_the_sender_keeps_it() -> None:
    async with running() as post:
        post.publisher.failure = Held("unavailable", "Kafka does not answer", "later", 5)
        assert (await post.mail(MESSAGE, b"help@shop.example")).startswith("451 ")
        assert (await post.mail(b"malformed", b"x@sales.example", b"help@shop.example")).startswith("554")
        post.help.refusal = Refused("signature_wrong", "no", "mend it")
        assert (await post.mail(MESSAGE, b"help@shop.example")).startswith("550 ")
        assert (await post.mail(MESSAGE, b"x@sales.example", b"help@shop.example")).startswith("451 ")


async def test_addresses_that_are_no_text_are_refused() -> None:
    async with running() as post:
        answers = await post.talk(
            b"MAIL FROM:<\xff@example.com>", b"MAIL FROM:<a@b.c>", b"RCPT TO:<\xff@sales.example>"
        )
        assert [line[:3] for line in answers] == ["553", "250", "550"]
        said = await post.mail(MESSAGE, "straße@sales.example".encode(), sender="jörg@example.com".encode())
        assert said.startswith("250")
        assert post.sales.seen[0].headers["x-envelope-from"] == "jörg@example.com"


async def test_a_hundred_recipients_are_enough() -> None:
    async with running() as post:
        to = [f"RCPT TO:<u{number}@sales.example>".encode() for number in range(101)]
        answers = await post.talk(b"MAIL FROM:<a@b.c>", *to)
        assert [line[:3] for line in answers[1:]] == ["250"] * 100 + ["452"]


async def test_a_message_without_end_is_cut_off() -> None:
    async with running() as post:
        reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
        writer.write(b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<help@shop.example>\r\nDATA\r\n")
        while "354" not in await answer(reader):
            pass
        with pytest.raises(ConnectionError):
            await pour(writer, 640 << 20)
        assert not post.publisher.records
        assert (await post.mail(MESSAGE, b"help@shop.example")).startswith("250")  # others are served


async def pour(writer: asyncio.StreamWriter, size: int) -> None:
    for _ in range(size >> 16):
        writer.write(bytes(1 << 16))
        await writer.drain()


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "CONNECTIONS", 2)
    async with running() as post:
        held = [await asyncio.open_connection("127.0.0.1", post.port) for _ in range(3)]
        greetings = [await answer(reader) for reader, _ in held]
        assert sorted(line[:3] for line in greetings) == ["220", "220", "421"]
        for _, writer in held:
            writer.close()


async def test_closing_lets_a_message_finish_and_hangs_up_on_the_idle() -> None:
    async with running() as post:
        reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
        writer.write(b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<help@shop.example>\r\nDATA\r\n")
        while "354" not in await answer(reader):
            pass
        closing = asyncio.create_task(post.server.close(10))
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", post.port)):
            pass
        writer.write(MESSAGE + b".\r\n")
        assert (await answer(reader)).startswith("250")
        await closing
        assert (await answer(reader)).startswith("421")
        writer.close()
