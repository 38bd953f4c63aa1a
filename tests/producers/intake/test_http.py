import gzip
from base64 import b64encode
from collections.abc import Callable

import httpx
import orjson
import pytest
from pydantic import SecretStr

from producers.adapters.segment import Segment, SegmentConfig
from producers.contract import Delivery, Draft, Refused, Reply
from producers.intake.http import CALLS, HttpIntake
from producers.outcomes import Held
from producers.seal import Origin
from producers.sources import Source
from schemas.settings import HttpSettings
from tests.producers.doubles import KeptPublisher, acceptor, double, draft, metrics, source

TRACK = {"type": "track", "userId": "u1", "event": "E", "messageId": "m1"}


class House:
    """The application with a segment source `web` and a double `shop`."""

    def __init__(self, settings: HttpSettings | None = None) -> None:
        self.publisher = KeptPublisher()
        self.metrics = metrics()
        self.shop = source()
        self.missing: list[str] = []
        self.seen: list[Delivery] = []
        web = Source(Origin("default", "web", "segment"), Segment(SegmentConfig(write_key=SecretStr("wk"))))
        self.app = HttpIntake(
            {"web": web, "shop": self.shop},
            acceptor(self.publisher, self.metrics),
            settings or HttpSettings(),
            self.metrics,
            lambda: self.missing,
        )

        def decode(delivered: Delivery) -> list[Draft]:
            self.seen.append(delivered)
            return [draft("m1")]

        double(self.shop).decoding = decode
        transport = httpx.ASGITransport(app=self.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://intake.example")


@pytest.fixture
def house() -> House:
    return House()


def is_flat_error(answer: httpx.Response, code: str) -> bool:
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert set(body) == {"success", "code", "message", "hint"}
    assert body["success"] is False
    assert all(isinstance(body[name], str) and body[name] for name in ("code", "message", "hint"))
    return bool(body["code"] == code)


@pytest.mark.parametrize("call", sorted(CALLS))
@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_call_of_the_tracking_api_is_taken(house: House, call: str, slash: str) -> None:
    is_batch = call in ("batch", "import", "b")
    message = TRACK | {"groupId": "g", "previousId": "p", "name": "n", "traits": {}}
    body = {"batch": [TRACK]} if is_batch else {k: v for k, v in message.items() if k != "type"}
    answer = await house.http.post(f"/v1/{call}{slash}", json=body, auth=("wk", ""))
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    (receipt,) = answer.json()["receipts"]
    assert receipt["status"] == "accepted"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(house.publisher.records) == 1


@pytest.mark.parametrize(
    ("headers", "member"),
    [
        ({"authorization": "Basic " + b64encode(b"wk:").decode()}, {}),
        ({"authorization": "Bearer wk"}, {}),
        ({}, {"writeKey": "wk"}),
        ({"content-type": "text/plain"}, {"writeKey": "wk"}),
    ],
)
async def test_the_write_key_may_be_anywhere(house: House, headers: dict[str, str], member: dict[str, str]) -> None:
    answer = await house.http.post("/v1/t", content=orjson.dumps(TRACK | member), headers=headers)
    assert answer.status_code == 200


async def test_packed_bodies_are_taken(house: House) -> None:
    packed = gzip.compress(orjson.dumps({"batch": [TRACK]}))
    answer = await house.http.post("/v1/batch", content=packed, headers={"content-encoding": "gzip"}, auth=("wk", ""))
    assert answer.status_code == 200


async def test_the_reports_of_the_browser_sdk_on_itself_are_answered(house: House) -> None:
    answer = await house.http.post("/v1/m", content=b'{"series":[]}', headers={"content-type": "text/plain"})
    assert answer.status_code == 200
    assert not house.publisher.records


async def test_a_preflight_allows_what_sdks_send(house: House) -> None:
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    headers = asked | {"access-control-request-headers": "Content-Type, AnonymousId, bad\theader"}
    answer = await house.http.options("/v1/batch", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type, x-retry-count, anonymousid"
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("called", "arguments", "status", "code"),
    [
        ("POST /v1/track", {"content": b"{}"}, 401, "key_missing"),
        ("POST /v1/track", {"content": b"\xff\xfe"}, 401, "key_missing"),
        ("POST /v1/track", {"json": TRACK, "auth": ("wrong", "")}, 401, "key_wrong"),
        ("POST /v1/track", {"content": b"{", "auth": ("wk", "")}, 400, "malformed"),
        ("POST /v1/track", {"content": b"[]", "auth": ("wk", "")}, 400, "malformed"),
        ("POST /v1/track", {"content": b'{"a":"\xff"}', "auth": ("wk", "")}, 400, "malformed"),
        ("POST /v1/batch", {"content": b"{}", "auth": ("wk", "")}, 400, "malformed"),
        ("GET /v1/track", {}, 405, "method_not_allowed"),
        ("PUT /sources/shop", {}, 405, "method_not_allowed"),
        ("GET /sources/shop", {}, 405, "method_not_allowed"),
        ("POST /healthz", {}, 405, "method_not_allowed"),
        ("POST /v1/teleport", {}, 404, "path_unknown"),
        ("POST /", {}, 404, "path_unknown"),
        ("POST /sources/none", {}, 404, "source_unknown"),
        ("POST /v1/t", {"content": b"x" * (5 << 20), "auth": ("wk", "")}, 413, "too_large"),
        ("POST /sources/shop", {"content": b"x", "headers": {"content-encoding": "br"}}, 415, "encoding_unknown"),
        ("POST /sources/shop", {"content": b"x", "headers": {"content-encoding": "gzip"}}, 400, "encoding_wrong"),
        (
            "POST /sources/shop",
            {"content": gzip.compress(bytes(5 << 20)), "headers": {"content-encoding": "gzip"}}, 413, "too_large",
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)  # fmt: skip
async def test_what_cannot_be_taken_is_answered_with_fault_and_remedy(
    house: House, called: str, arguments: dict[str, object], status: int, code: str
) -> None:
    method, _, path = called.partition(" ")
    answer = await house.http.request(method, path, **arguments)  # type: ignore[arg-type]  # a table of arguments
    assert answer.status_code == status
    assert is_flat_error(answer, code)
    assert not house.publisher.records
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        ("signature_missing", 403),
        ("signature_wrong", 403),
        ("signature_stale", 403),
        ("key_wrong", 401),
        ("malformed", 400),
    ],
)
async def test_what_is_not_authentic_is_refused(house: House, refusal: str, status: int) -> None:
    double(house.shop).refusal = Refused(refusal, "not ours", "mend the secret")  # type: ignore[arg-type]  # a table
    answer = await house.http.post("/sources/shop", content=b"x")
    assert answer.status_code == status
    assert is_flat_error(answer, refusal)


async def test_without_kafka_it_is_503_with_the_time_to_come_again(house: House) -> None:
    house.publisher.failure = Held("unavailable", "Kafka does not answer", "later", 5)
    answer = await house.http.post("/v1/track", json=TRACK, auth=("wk", ""))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert is_flat_error(answer, "unavailable")


async def test_a_delivery_says_how_it_was_called(house: House) -> None:
    headers = [("X-Sign", "a"), ("X-Sign", "b"), ("Host", "hooks.example")]
    answer = await house.http.post("/sources/shop?leg=a%26b&x=%2F", content=b"body", headers=headers)
    assert answer.status_code == 200
    (seen,) = house.seen
    assert (seen.method, seen.path, seen.query, seen.body) == ("POST", "/sources/shop", "leg=a%26b&x=%2F", b"body")
    assert seen.headers["x-sign"] == "a, b"
    assert seen.url == "http://hooks.example/sources/shop?leg=a%26b&x=%2F"


@pytest.mark.parametrize("public", ["https://in.example", "https://in.example/"])
async def test_behind_a_proxy_the_url_is_the_public_one(public: str) -> None:
    house = House(HttpSettings(public_url=public))
    await house.http.post("/sources/shop?a=1", content=b"body")
    await house.http.post("/sources/shop", content=b"body")
    assert [seen.url for seen in house.seen] == [
        "https://in.example/sources/shop?a=1",
        "https://in.example/sources/shop",
    ]


async def test_a_vendor_gets_its_handshake_and_the_answer_that_it_demands(house: House) -> None:
    double(house.shop).challenge = Reply(200, b"12345")
    answer = await house.http.get("/sources/shop?hub.challenge=12345")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        200,
        "12345",
        "text/plain; charset=utf-8",
    )
    double(house.shop).demanded = Reply(200, b"<Response/>", "text/xml")
    answer = await house.http.post("/sources/shop", content=b"x")
    assert (answer.text, answer.headers["content-type"]) == ("<Response/>", "text/xml")


async def test_a_delivery_that_cannot_be_decoded_is_200_and_kept(house: House) -> None:
    def fail(_: Delivery) -> list[Draft]:
        raise IndexError

    double(house.shop).decoding = fail
    answer = await house.http.post("/sources/shop", content=b"\xff")
    assert answer.status_code == 200
    assert answer.json()["receipts"][0]["reason"] == "undecodable"
    assert orjson.loads(house.publisher.records[0][2])["body_encoding"] == "base64"


async def test_a_defect_of_ours_is_503_so_that_it_comes_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Delivery) -> Reply | None:
        raise ZeroDivisionError

    monkeypatch.setattr(house.shop.adapter, "handshake", broken)
    answer = await house.http.get("/sources/shop")
    assert answer.status_code == 503
    assert is_flat_error(answer, "failed")


async def test_the_probes_say_what_is_missing(house: House) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await house.http.get(path)).status_code == 200
        assert (await house.http.head(path)).content == b""
    house.missing = ["Kafka does not answer"]
    assert (await house.http.get("/healthz")).status_code == 200
    answer = await house.http.get("/readyz")
    assert answer.status_code == 503
    assert is_flat_error(answer, "not_ready")
    assert "Kafka does not answer" in answer.json()["message"]


async def test_refusals_are_counted_under_bounded_labels(house: House) -> None:
    await house.http.post("/sources/nobody-knows-this", content=b"x")
    await house.http.post("/v1/track", content=b"x")
    sample: Callable[..., float | None] = house.metrics.registry.get_sample_value
    for outcome in ("source_unknown", "key_missing"):
        assert sample("throughline_deliveries_total", {"source": "", "outcome": outcome}) == 1
