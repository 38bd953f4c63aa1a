"""SMTP: mail for the recipients that sources name; 250 means that Kafka has it.

No relay: a recipient that no source takes is answered 550. What cannot be taken now is answered 451, and the sending
server keeps it. Codes are those of RFC 5321, enhanced codes those of RFC 3463.
"""

import asyncio
import logging
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

from producers.contract import Delivery, Refused
from producers.intake.bodies import Memory
from producers.outcomes import Accepted, Held, Malformed, Outcome, TooLarge
from producers.sources import Source
from schemas.telemetry import logger

CONNECTIONS: Final = 200
RECIPIENTS: Final = 100  # of one message; RFC 5321, section 4.5.3.1.8, asks for no fewer
LINE: Final = 64 << 10  # bytes; RFC 5321 allows 1000, and programs that send more are common
IDLE_S: Final = 300.0  # RFC 5321, section 4.5.3.2.7
COMMANDS: Final = 1000  # of one kind on one connection
MEMORY: Final = 48 << 20  # bytes of messages that are being received
_BUSY: Final = "421 4.3.2 too much at this moment, come again later"


class Mailbox(Protocol):
    """What the adapter of mail offers beside `verify` and `decode`."""

    def takes(self, address: str) -> bool:
        """Whether mail to this address is for the source."""


class Accepts(Protocol):
    """What is needed of `producers.accept.Acceptor`."""

    async def accept(self, source: Source, delivery: Delivery) -> Outcome:
        """Accept one delivery."""


@dataclass(frozen=True, slots=True)
class _Box:
    source: Source
    mailbox: Mailbox
    max_size: int  # bytes of one message


class MailServer:
    """An SMTP server on a socket that is bound already."""

    def __init__(self, sources: Iterable[Source], acceptor: Accepts) -> None:
        self._boxes = [_Box(source, source.adapter, source.adapter.config.max_size) for source in sources]  # type: ignore[arg-type]  # held by the test of the roll
        self._acceptor = acceptor
        self._largest = max(box.max_size for box in self._boxes)
        self._memory = Memory(max(MEMORY, 2 * self._largest))
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        logging.getLogger("mail").setLevel(logging.CRITICAL)  # it logs addresses

    async def start(self, listening: socket.socket) -> None:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        handler = _Handler(self._boxes, self._acceptor)
        self._server = await loop.create_server(
            lambda: _Connection(handler, self._largest, self._memory, self._open), sock=listening
        )

    async def close(self, grace_s: float) -> None:
        """Stop listening, give messages that are on their way `grace_s` seconds, and hang up."""
        if self._server is None:
            return
        self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                while any(connection.is_busy for connection in self._open):  # noqa: ASYNC110  many, each its own end
                    await asyncio.sleep(0.05)
        for connection in list(self._open):
            connection.hang_up()


class _Handler:
    """aiosmtpd's hooks: the answers to its commands."""

    def __init__(self, boxes: Sequence[_Box], acceptor: Accepts) -> None:
        self._boxes = boxes
        self._acceptor = acceptor
        self._log = logger()

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name, as those below
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        if not _is_text(address):
            return "553 5.1.7 the sender's address is not UTF-8"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 too many recipients, send the rest as another message"
        if not _is_text(address) or self._box(address) is None:
            return "550 5.1.1 no mail is taken for this recipient here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        body = envelope.original_content or b""
        now = datetime.now(UTC)
        answers = []
        for box, recipients in self._by_box(envelope.rcpt_tos):
            if len(body) > box.max_size:
                answers.append(f"552 5.3.4 larger than the limit of {box.max_size} bytes")
                continue
            delivery = Delivery(
                method="SMTP",
                path="",
                query="",
                headers={"x-envelope-from": _sender(envelope), "x-envelope-to": ", ".join(recipients)},
                body=body,
                received_at=now,
            )
            answers.append(_answer_of(await self._acceptor.accept(box.source, delivery)))
        return min(answers, key=_weight)

    async def handle_VRFY(self, server: SMTP, session: Session, envelope: Envelope, address: str) -> str:  # noqa: N802
        del server, session, envelope, address
        return "252 2.5.0 send some mail and see"

    async def handle_exception(self, error: Exception) -> str:
        self._log.error("smtp_failed", error=type(error).__name__)
        return "451 4.3.0 failed, send it again later"

    def _box(self, address: str) -> _Box | None:
        return next((box for box in self._boxes if box.mailbox.takes(address)), None)

    def _by_box(self, addresses: Iterable[str]) -> list[tuple[_Box, list[str]]]:
        found: dict[str, tuple[_Box, list[str]]] = {}
        for address in addresses:
            if (box := self._box(address)) is not None:
                found.setdefault(box.source.name, (box, []))[1].append(address)
        return list(found.values())


class _Connection(SMTP):
    """One connection: what it sends is bounded by the message's limit and by the memory of all."""

    line_length_limit = LINE

    def __init__(self, handler: _Handler, max_size: int, memory: Memory, all_of_them: "set[_Connection]") -> None:
        super().__init__(
            handler,
            data_size_limit=max_size,
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="Throughline",
            timeout=IDLE_S,
            command_call_limit=COMMANDS,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
        self.is_busy = False
        self._cut = 2 * max_size + LINE  # beyond `max_size` the rest is read and dropped; beyond this, no more
        self._memory = memory
        self._taken = 0
        self._open = all_of_them

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._open.add(self)
        if len(self._open) > CONNECTIONS:
            self.hang_up()

    def connection_lost(self, error: Exception | None) -> None:
        self._open.discard(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd's name
        self.is_busy = True
        try:
            await super().smtp_DATA(arg)
        finally:
            self.is_busy = False
            self._memory.give(self._taken)
            self._taken = 0

    def data_received(self, data: bytes) -> None:
        if self.is_busy:
            if self._taken + len(data) > self._cut or not self._memory.take(len(data)):
                self.hang_up()
                return
            self._taken += len(data)
        super().data_received(data)

    def hang_up(self) -> None:
        """Say so, and close."""
        if isinstance(self.transport, asyncio.Transport) and not self.transport.is_closing():
            self.transport.write(f"{_BUSY}\r\n".encode())
            self.transport.close()


def _answer_of(outcome: Outcome) -> str:
    match outcome:
        case Accepted(receipts):
            ids = [receipt["event_id"] for receipt in receipts if receipt["status"] == "accepted"]
            return f"250 2.0.0 accepted as {ids[0]}" if ids else "250 2.0.0 accepted, and kept as rejected"
        case Held():
            return f"451 4.3.2 {outcome.message}, send it again later"
        case Refused():
            return f"550 5.7.1 {outcome.message}"
        case Malformed():
            return f"554 5.6.0 {outcome.message}"
        case TooLarge():
            return f"552 5.3.4 {outcome.message}"


def _weight(answer: str) -> int:
    """Of several sources' answers the one that loses nothing: again later, then no, then yes."""
    weights: Mapping[str, int] = {"4": 0, "5": 1, "2": 2}
    return weights[answer[0]]


def _sender(envelope: Envelope) -> str:
    """Empty for what no answer may come to: bounces and the like (RFC 5321, section 4.5.5)."""
    return "" if envelope.mail_from in (None, "<>") else envelope.mail_from


def _is_text(address: str) -> bool:
    """Whether it can be written as UTF-8; aiosmtpd hands on other bytes as lone surrogates."""
    try:
        address.encode()
    except UnicodeEncodeError:
        return False
    return True
