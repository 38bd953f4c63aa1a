"""HTTP: Segment's tracking API on /v1, webhooks on /sources/<name>, and the two probes.

A bare ASGI application: a request becomes a `Delivery`, its `Outcome` an answer. 200 means that Kafka has it.
"""

import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from producers.accept import Acceptor
from producers.adapters.segment import key_of
from producers.contract import Delivery
from producers.intake.answers import Answer, answer_of, failure
from producers.intake.bodies import Body, Memory, Receive, Unread, Wrong
from producers.intake.receipts import receipt_of
from producers.receipts import Receipts
from producers.sources import Source, WriteKeys
from schemas.settings import HttpSettings
from schemas.telemetry import Metrics, logger

Scope = Mapping[str, Any]  # ASGI's; Any as in its own specification
Send = Callable[[dict[str, Any]], Awaitable[None]]

CALLS: Final = frozenset({"identify", "track", "page", "screen", "group", "alias", "batch", "import", *"itpsgab"})
SDK_METRICS: Final = "m"  # where the browser SDK reports on itself: answered, so that it stays quiet, and not kept
_ROUTES: Final = (
    "POST /v1/{identify,track,page,screen,group,alias,batch,import}, GET /v1/receipts/<event_id>, POST /sources/<name>"
)
_ALLOWED: Final = ("authorization", "content-type", "x-retry-count")
_TOKEN: Final = re.compile(r"[a-z0-9!#$&^_.+~-]{1,64}")
_ORIGIN: Final = {"access-control-allow-origin": "*", "access-control-expose-headers": "retry-after"}
_UNREAD: Final[dict[Wrong, tuple[int, str, str]]] = {
    "too_large": (413, "the body is larger than the limit", "send fewer items at once, or raise http.max_body"),
    "too_slow": (408, "the body did not arrive in time", "send it again"),
    "gone": (400, "the client went away", "send it again"),
    "no_memory": (503, "too many bodies are being read at this moment", "send it again later"),
    "encoding_unknown": (415, "the content encoding is not known", "send gzip, deflate, or none"),
    "encoding_wrong": (400, "the body cannot be unpacked", "send all of it, packed as content-encoding says"),
}


class HttpIntake:
    """The ASGI application. `missing` names the parts without which nothing can be accepted now.

    While `ending`, every answer is the last one on its connection: the next request finds another intake.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        acceptor: Acceptor,
        settings: HttpSettings,
        metrics: Metrics,
        missing: Callable[[], list[str]],
        *,
        ending: Callable[[], bool] = lambda: False,
        receipts: Receipts | None = None,
    ) -> None:
        self._sources = {name: source for name, source in sources.items() if source.intake == "http"}
        self._keys = WriteKeys(self._sources.values())
        self._acceptor = acceptor
        self._public_url = (settings.public_url or "").rstrip("/")
        self._max_body = int(settings.max_body)
        self._memory = Memory()
        self._metrics = metrics
        self._missing = missing
        self._ending = ending
        self._receipts = receipts or Receipts(acceptor.recent, None)
        self._log = logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._route(scope, receive)
        except Exception as error:  # noqa: BLE001  a defect: the sender keeps it and sends it again
            frames = [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
            self._log.error("request_failed", error=type(error).__name__, frames=frames)
            answer = failure(503, "failed", "the intake failed", "send it again later", {"retry-after": "60"})
        if self._ending():
            answer = replace(answer, headers={**answer.headers, "connection": "close"})
        await _send(send, answer, is_head=scope["method"] == "HEAD")

    async def _route(self, scope: Scope, receive: Receive) -> Answer:
        method: str = scope["method"]
        match scope["path"].rstrip("/").split("/"):
            case ["", "v1", call] if call in CALLS or call == SDK_METRICS:
                return _for_any_origin(await self._tracking(call, scope, receive))
            case ["", "v1", "receipts", event_id]:
                return _for_any_origin(await self._receipt(event_id, scope))
            case ["", "sources", name] if name in self._sources:
                return await self._webhook(self._sources[name], scope, receive)
            case ["", "sources", _]:
                self._metrics.deliveries.labels("", "source_unknown").inc()
                return failure(404, "source_unknown", "there is no HTTP source of this name", "see [sources.<name>]")
            case ["", "healthz" | "readyz" as probe]:
                return _probe(method, self._missing() if probe == "readyz" else [])
        return failure(404, "path_unknown", "there is nothing at this path", _ROUTES)

    async def _tracking(self, call: str, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] == "OPTIONS":
            return _preflight(_headers(scope), "POST, OPTIONS")
        if scope["method"] != "POST":
            return _not_allowed("POST, OPTIONS")
        headers = _headers(scope)
        with Body(receive, headers, self._max_body, self._memory) as reading:
            body = await reading.read()
            if isinstance(body, Unread):
                return self._unread("", body)
            if call == SDK_METRICS:
                return Answer(200, orjson.dumps({"success": True}))
            delivery = self._delivery(scope, headers, body)
            key = key_of(delivery)
            source = self._keys.find(key) if key else None
            if source is None:
                return self._keyless(key)
            return answer_of(await self._acceptor.accept(source, delivery), source.adapter.reply())

    async def _receipt(self, text: str, scope: Scope) -> Answer:
        """What became of an interaction, for whoever has a write key of its tenant."""
        headers = _headers(scope)
        if scope["method"] == "OPTIONS":
            return _preflight(headers, "GET, OPTIONS")
        if scope["method"] not in ("GET", "HEAD"):
            return _not_allowed("GET, OPTIONS")
        key = key_of(self._delivery(scope, headers, b""))
        source = self._keys.find(key) if key else None
        if source is None:
            return self._keyless(key)
        return await receipt_of(self._receipts, source, text)

    def _keyless(self, key: str | None) -> Answer:
        if not key:
            self._metrics.deliveries.labels("", "key_missing").inc()
            hint = "send the source's write key as Basic user name, as Bearer token, or as writeKey in the body"
            return failure(401, "key_missing", "there is no write key", hint)
        self._metrics.deliveries.labels("", "key_wrong").inc()
        return failure(401, "key_wrong", "no source has this write key", "compare it with sources.<name>.write_key")

    async def _webhook(self, source: Source, scope: Scope, receive: Receive) -> Answer:
        headers, method = _headers(scope), scope["method"]
        if method == "GET" and not source.adapter.takes_get:
            reply = source.adapter.handshake(self._delivery(scope, headers, b""))
            if reply is None:
                return _not_allowed("POST")
            self._metrics.deliveries.labels(source.name, "handshake").inc()
            return Answer(reply.status, reply.body, reply.content_type)
        if method not in ("GET", "POST"):
            return _not_allowed("GET, POST")
        with Body(receive, headers, self._max_body, self._memory) as reading:
            body = await reading.read()
            if isinstance(body, Unread):
                return self._unread(source.name, body)
            outcome = await self._acceptor.accept(source, self._delivery(scope, headers, body))
            return answer_of(outcome, source.adapter.reply())

    def _delivery(self, scope: Scope, headers: Mapping[str, str], body: bytes) -> Delivery:
        query: str = scope["query_string"].decode("latin-1")
        base = self._public_url or f"{scope['scheme']}://{headers.get('host', '')}"
        path = scope["raw_path"].decode("latin-1")
        return Delivery(
            method=scope["method"],
            path=scope["path"],
            query=query,
            headers=headers,
            body=body,
            received_at=datetime.now(UTC),
            url=f"{base}{path}?{query}" if query else base + path,
        )

    def _unread(self, source: str, unread: Unread) -> Answer:
        self._metrics.deliveries.labels(source, unread.why).inc()
        status, message, hint = _UNREAD[unread.why]
        headers = {"retry-after": "1"} if status == 503 else {"connection": "close"}  # noqa: PLR2004  as in the table
        code = "overloaded" if unread.why == "no_memory" else unread.why
        return failure(status, code, message, hint, headers)


def _headers(scope: Scope) -> dict[str, str]:
    """Names in lower case; a name that comes again has its values joined, as RFC 9110, section 5.3, allows."""
    pairs: list[tuple[bytes, bytes]] = scope["headers"]
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _for_any_origin(answer: Answer) -> Answer:
    return Answer(answer.status, answer.body, answer.content_type, {**_ORIGIN, **answer.headers})


def _probe(method: str, missing: list[str]) -> Answer:
    if method not in ("GET", "HEAD"):
        return _not_allowed("GET, HEAD")
    if not missing:
        return Answer(200, orjson.dumps({"success": True}))
    parts = ", ".join(missing)
    return failure(503, "not_ready", f"cannot accept now: {parts}", "see the log of this process", {"retry-after": "5"})


def _preflight(headers: Mapping[str, str], methods: str) -> Answer:
    """Any origin may send any header: the write key alone decides, and no cookie does."""
    asked = [name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")]
    allowed = dict.fromkeys([*_ALLOWED, *(name for name in asked if _TOKEN.fullmatch(name))])
    return Answer(
        200,
        b"",
        headers={
            "access-control-allow-methods": methods,
            "access-control-allow-headers": ", ".join(allowed),
            "access-control-max-age": "86400",
            "vary": "access-control-request-headers",
        },
    )


def _not_allowed(allowed: str) -> Answer:
    return failure(405, "method_not_allowed", "this method is not for this path", f"use {allowed}", {"allow": allowed})


async def _send(send: Send, answer: Answer, *, is_head: bool) -> None:
    headers = [
        (b"content-type", answer.content_type.encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body})
