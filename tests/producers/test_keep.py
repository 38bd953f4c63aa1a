import orjson
from hypothesis import given
from hypothesis import strategies as st

from producers.contract import Bad, Delivery
from producers.keep import headers_of, rejected
from schemas.fates import Fault, Reason
from schemas.headers import MASKED
from tests.producers.doubles import NOW, delivery, source

SECRETS = (
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-hub-signature-256", "x-twilio-signature",
    "x-twilio-email-event-webhook-signature", "webhook-signature", "x-api-key", "x-access-token", "x-csrf-token",
    "x-auth-token", "x-shared-secret", "x-shopify-hmac-sha256",
)  # fmt: skip


def test_secrets_stay_out_and_the_rest_is_kept() -> None:
    plain = {
        "content-type": "application/json",
        "user-agent": "x",
        "i-twilio-idempotency-token": "t-1",
        "x-retry-count": "2",
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
    }
    kept = headers_of(delivery(**dict.fromkeys(SECRETS, "hush"), **plain))
    assert plain.items() <= kept.items()
    assert {name: kept[name] for name in SECRETS} == dict.fromkeys(SECRETS, MASKED)


def test_what_a_replay_needs_beside_the_headers_is_kept() -> None:
    kept = headers_of(Delivery("POST", "/sources/calls", "leg=a%26b&token=hush&empty=", {}, b"", NOW))
    assert kept == {":method": "POST", ":path": "/sources/calls", ":query": "leg=a%26b&token=%28kept+out%29&empty="}


def test_the_record_says_where_it_came_from() -> None:
    record = rejected(Bad(Fault(Reason.SCHEMA_INVALID, "no", "a.b"), b"bytes", "m1"), source(), delivery())
    assert (record.tenant, record.source, record.adapter, record.channel) == ("default", "shop", "double", "chat")
    assert (record.stage, record.body, record.message_id) == ("intake", b"bytes", "m1")
    assert record.received_at == "2026-01-31T12:00:00.000Z"


@given(st.text(), st.text(alphabet=st.characters()), st.binary(), st.text())
def test_any_bytes_and_any_text_can_be_kept(detail: str, message_id: str, body: bytes, header: str) -> None:
    lone = "\udcff\ud800"
    bad = Bad(Fault(Reason.UNDECODABLE, detail + lone, lone), body, message_id + lone)
    record = rejected(bad, source(), delivery(**{"x-envelope-to": header + lone}))
    assert orjson.loads(record.encode())["stage"] == "intake"
