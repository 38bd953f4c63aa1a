"""The HTTP interface: one request is let in, its statement read, run and answered."""

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from schemas.telemetry import logger
from throughline.gateway import door, guard
from throughline.gateway.asked import Asked, asked, credentials
from throughline.gateway.blocks import Unpacker
from throughline.gateway.body import Body, ClientLeftError, Message, Receive, Send
from throughline.gateway.encoding import Decoder, decoder
from throughline.gateway.external import External, external
from throughline.gateway.house import READER
from throughline.gateway.refusal import STD_EXCEPTION, RefusedError, told
from throughline.gateway.reply import Reply
from throughline.gateway.run import Job, Runner
from throughline.gateway.statement import Statement, read

MAX_STATEMENT = 4 << 20  # bytes of a statement, without the data of an INSERT
MAX_FORM_FIELD = 4 << 20
MAX_FORM_FIELDS = 10_000
_FINE = {"/ping": "Ok.\n", "/replicas_status": "Ok.\n"}


class Gateway:
    """The ASGI application."""

    def __init__(self, runner: Runner, passwords: Mapping[str, str], listen_host: str) -> None:
        self._runner = runner
        self._passwords = passwords
        self._host = listen_host
        self._log = logger()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """ASGI's entry point."""
        if scope["type"] == "http":
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            await self._answer(scope, headers, receive, send)

    async def _answer(self, scope: Message, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        options = dict(parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True))
        wants = asked(options, headers)
        reply = Reply(send, self._standing(wants))
        try:
            door.check_origin(headers, self._host)
            plain = self._plain(scope, options)
            if plain is not None:
                await reply.text(*plain)
            else:
                user = door.check_password(credentials(options, headers), self._passwords)
                await self._run(scope, receive, wants, user, reply)
        except ClientLeftError:
            pass  # nobody is there to be told
        except Exception as error:  # noqa: BLE001  whatever the engine says belongs to the client
            if told(error)[0] == STD_EXCEPTION:  # neither ours nor the engine's
                self._log.error("request_failed", error=type(error).__name__)
            if reply.begun:
                await reply.broken(error, self._runner.engine.version)
            else:
                await reply.error(error, self._runner.engine.version, head=scope["method"] == "HEAD")

    def _standing(self, wants: Asked) -> dict[str, str]:
        return {
            "X-ClickHouse-Query-Id": wants.query_id,
            "X-ClickHouse-Timezone": self._runner.engine.zone,
            "X-ClickHouse-Server-Display-Name": self._runner.engine.name,
        }

    @staticmethod
    def _plain(scope: Message, options: Mapping[str, str]) -> tuple[int, str] | None:
        """What needs no engine and no password."""
        path, method = scope["path"], scope["method"]
        if path in _FINE:
            return 200, _FINE[path]
        if path not in ("", "/"):
            return 404, f"There is no handle {path}\n\nUse / or /ping for health checks.\n"
        if method not in ("GET", "HEAD", "POST"):
            return 405, "GET and POST are answered.\n"
        return (200, "Ok.\n") if method in ("GET", "HEAD") and not options.get("query") else None

    async def _run(self, scope: Message, receive: Receive, wants: Asked, user: str, reply: Reply) -> None:
        files: list[External] = []
        if wants.headers.get("content-type", "").startswith("multipart/form-data"):
            wants, files = await self._form(scope, receive, wants)
            body = Body(_nothing_more(receive), [])
        else:
            body = Body(receive, _decoders(wants))
        statement, held = await self._statement(wants, body)
        self._check(scope["method"], statement, wants, user)
        reply.pack(
            wants.headers.get("accept-encoding", "") if wants.flag("enable_http_compression") else "",
            native=wants.flag("compress"),
        )
        job = Job(statement, wants, user, f"[{secrets.token_hex(8)}]", files)
        if statement.data is None:
            await self._runner.query(job, body, reply)
        else:
            await self._runner.insert(job, held[statement.data :], body, reply)

    async def _statement(self, wants: Asked, body: Body) -> tuple[Statement, bytes]:
        """The statement, and all that was read to see it: the URL's query, a line break, the body."""
        held = wants.options.get("query", "").encode("utf-8", "surrogateescape")
        held += b"\n" if held else b""
        if held and (statement := read(held, complete=False)) is not None:
            return statement, held
        pieces = body.pieces()
        tried = 0
        async for piece in pieces:
            held += piece
            if body.is_over and len(held) <= MAX_STATEMENT:
                break
            if len(held) >= 2 * tried:  # a long statement is not read again for each piece
                tried = len(held)
                if (statement := read(held, complete=False)) is not None:
                    return statement, held
            if len(held) > MAX_STATEMENT:
                raise RefusedError(229, "QUERY_IS_TOO_LARGE", f"The statement has more than {MAX_STATEMENT} bytes")
        statement = read(held, complete=True)
        if statement is None:  # complete texts always read
            raise RefusedError(62, "SYNTAX_ERROR", "The statement cannot be read")
        return statement, held

    @staticmethod
    def _check(method: str, statement: Statement, wants: Asked, user: str) -> None:
        guard.check(statement, wants.parameters)
        if user == READER:
            guard.check_reader(statement)
        elif method in ("GET", "HEAD") or wants.readonly:
            guard.check_get(statement)

    @staticmethod
    async def _form(scope: Message, receive: Receive, wants: Asked) -> tuple[Asked, list[External]]:
        """A form's fields are options, its files are external tables."""
        request = Request(scope, receive)
        try:
            form = await request.form(max_fields=MAX_FORM_FIELDS, max_part_size=MAX_FORM_FIELD)
        except MultiPartException as error:
            raise RefusedError(36, "BAD_ARGUMENTS", f"The form cannot be read: {error.message}") from None
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        options = {**wants.options, **fields}
        files = [
            external(name, await value.read(), options) for name, value in form.items() if isinstance(value, UploadFile)
        ]
        return Asked(options, wants.headers, fields.get("query_id", wants.query_id)), files


def _decoders(wants: Asked) -> list[Decoder]:
    decoders = [decoder(wants.headers.get("content-encoding", ""))]
    return [*decoders, Unpacker()] if wants.flag("decompress") else decoders


def _nothing_more(receive: Receive) -> Receive:
    """The body is read: an end first, then what the server says of the connection."""
    ended = False

    async def next_message() -> Message:
        nonlocal ended
        if not ended:
            ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return await receive()

    return next_message
