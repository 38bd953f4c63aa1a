"""The reference signer of Standard Webhooks against our verifier; what the golden cases do not say."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook as Signer

from producers.adapters.webhook import Webhook
from producers.contract import Bad, Delivery, Draft

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BODY = '{"email":"ada@example.com","text":"hello"}'


def webhook(**config: object) -> Webhook:
    return Webhook(Webhook.Config.model_validate({"channel": "chat", "secret": SECRET} | config))


def delivery(body: str = BODY, secret: str = SECRET, *, sent: datetime = NOW, prefix: str = "webhook") -> Delivery:
    signature = Signer(secret).sign("msg_1", sent.replace(tzinfo=None), body)
    headers = {"id": "msg_1", "timestamp": str(int(sent.timestamp())), "signature": signature}
    named: Mapping[str, str] = {f"{prefix}-{name}": value for name, value in headers.items()}
    return Delivery("POST", "/sources/hook", "", named, body.encode(), NOW)


def code(adapter: Webhook, one: Delivery) -> str | None:
    refused = adapter.verify(one)
    return refused.code if refused else None


def drafts(adapter: Webhook, body: object) -> list[Draft | Bad]:
    return list(adapter.decode(delivery(orjson.dumps(body).decode())))


@given(st.text(max_size=300).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_what_the_reference_signs_is_believed(body: str) -> None:
    assert code(webhook(), delivery(body)) is None
    assert code(webhook(), delivery(body, prefix="svix")) is None
    assert code(webhook(), delivery(body, OTHER)) == "signature_wrong"


@given(st.binary(max_size=100), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_random_deliveries_are_refused(body: bytes, message_id: str, stamp: str, signature: str) -> None:
    headers = {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}
    assert webhook().verify(Delivery("POST", "/", "", headers, body, NOW)) is not None


@pytest.mark.parametrize(
    ("age", "wanted"),
    [
        (timedelta(minutes=5), None),
        (timedelta(minutes=5, seconds=1), "signature_stale"),
        (timedelta(minutes=-5), None),
        (timedelta(minutes=-5, seconds=-1), "signature_stale"),
    ],
)
def test_the_window_is_five_minutes_on_either_side(age: timedelta, wanted: str | None) -> None:
    assert code(webhook(), delivery(sent=NOW - age)) == wanted
    assert code(webhook(tolerance="10m"), delivery(sent=NOW - age)) is None


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "NaN", "\u0661\u0662", "9" * 13, "1769860800.0", " 1769860800"])
def test_a_timestamp_that_is_none_is_refused_even_when_it_is_signed(stamp: str) -> None:
    key = webhook()._shared[0]
    signature = "v1," + b64encode(hmac.digest(key, f"msg_1.{stamp}.{BODY}".encode(), "sha256")).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}
    assert code(webhook(), Delivery("POST", "/", "", headers, BODY.encode(), NOW)) in {
        "signature_missing",
        "signature_stale",
    }


def test_one_of_several_signatures_will_do_but_not_of_very_many() -> None:
    good = delivery()
    signature = good.headers["webhook-signature"]
    for signatures, wanted in (
        (f"v1,AAAA v2,{signature[3:]} nonsense {signature}", None),
        (" ".join(["v1,AAAA"] * 100 + [signature]), "signature_wrong"),
        (f"v2,{signature[3:]}", "signature_wrong"),
    ):
        headers = dict(good.headers) | {"webhook-signature": signatures}
        assert code(webhook(), replace(good, headers=headers)) == wanted


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(missing: str) -> None:
    one = delivery()
    headers = {name: value for name, value in one.headers.items() if name != missing}
    assert code(webhook(), replace(one, headers=headers)) == "signature_missing"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"secret": "whsec_not base64!"}, "not base64"),
        ({"secret": "whsec_AAAA"}, "3 bytes"),
        ({"secret": "whpk_AAAA"}, "32 bytes"),
        ({"secret": []}, "at least 1"),
        ({"secret": [SECRET, ""]}, "0 bytes"),
        ({"channel": "radio"}, "channel"),
        ({"items": "a..b"}, "is no path"),
        (
            {"map": {"identifiers": {"email": "e"}, "txt": "t"}},
            "txt is no member of an interaction; did you mean text?",
        ),
        ({"tolerance": "soon"}, "a duration is expected"),
    ],
)
def test_a_fault_of_the_configuration_is_named(config: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        webhook(**config)
    assert "not base64!" not in str([error["msg"] for error in refused.value.errors()])


def test_secrets_are_not_shown() -> None:
    assert SECRET[6:] not in repr(webhook(secret=[SECRET, OTHER]).config)


def test_a_retry_has_the_ids_of_the_first_attempt() -> None:
    again = replace(delivery(sent=NOW + timedelta(hours=3)), received_at=NOW + timedelta(hours=3))
    first, second = (list(webhook().decode(one)) for one in (delivery(), again))
    assert first == second
    assert isinstance(first[0], Draft)
    assert first[0].message_id == "msg_1"


@pytest.mark.parametrize("body", [[], {"events": []}])
def test_an_empty_list_is_nothing(body: object) -> None:
    adapter = webhook() if isinstance(body, list) else webhook(items="events")
    assert drafts(adapter, body) == []


def test_a_body_without_the_items_is_one_interaction() -> None:
    (draft,) = drafts(webhook(items="events"), {"email": "a@b.example"})
    assert isinstance(draft, Draft)
    assert draft.message_id == "msg_1"


def test_items_by_a_path_with_every() -> None:
    found = drafts(
        webhook(items="days[*].events[*]"), {"days": [{"events": [{"email": "a"}]}, {"events": [{"email": "b"}]}]}
    )
    assert [one.message_id for one in found] == ["msg_1:0", "msg_1:1"]


def test_a_large_envelope_goes_with_the_first_item_alone() -> None:
    body: dict[str, Any] = {"note": "x" * 20_000, "events": [{"email": "a"}, {"email": "b"}]}
    found = drafts(webhook(items="events"), body)
    kept = [one.context.get("envelope") for one in found if isinstance(one, Draft)]
    assert kept == [{"note": body["note"]}, None]
