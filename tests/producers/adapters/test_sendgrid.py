"""SendGrid: what becomes what stands in tests/golden/sendgrid; the judge of signatures is SendGrid's own client."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

from producers.adapters.sendgrid import SendGrid, SendGridConfig
from producers.contract import Bad, Delivery, Draft, Refused
from producers.seal import Origin, Sealed, seal

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SENT = str(int(NOW.timestamp()))
KEY = generate_private_key(SECP256R1())
BODY = b'[{"email":"ada@example.com","event":"delivered","sg_event_id":"e1","timestamp":1772445600}]\r\n'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)


def public(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> str:
    """As SendGrid's settings show it."""
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def adapter(key: EllipticCurvePrivateKey = KEY, **config: object) -> SendGrid:
    return SendGrid(SendGridConfig.model_validate({"verification_key": public(key), **config}))


def signature(body: bytes, timestamp: str = SENT, key: EllipticCurvePrivateKey = KEY) -> str:
    return b64encode(key.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()


def delivery(body: bytes, given_signature: str, timestamp: str = SENT, received_at: datetime = NOW) -> Delivery:
    headers = {
        EventWebhookHeader.SIGNATURE.lower(): given_signature,
        EventWebhookHeader.TIMESTAMP.lower(): timestamp,
    }
    return Delivery("POST", "/sources/mails", "", headers, body, received_at)


def code(refused: Refused | None) -> str:
    return refused.code if refused else "believed"


def decoded(document: object) -> list[Draft | Bad]:
    return list(adapter().decode(delivery(json.dumps(document).encode(), "")))


def event(**more: object) -> dict[str, Any]:
    said = {"email": "ada@example.com", "event": "delivered", "timestamp": 1772445600, "sg_event_id": "e1"}
    return said | more


def sealed(item: Draft | Bad) -> Sealed:
    assert isinstance(item, Draft), item
    made = seal(item, Origin("default", "mails", "sendgrid"), NOW, 256 << 10)
    assert isinstance(made, Sealed), made
    return made


@pytest.mark.parametrize(
    ("body", "timestamp", "key", "expected"),
    [
        (BODY, SENT, KEY, True),
        (BODY.replace(b"ada", b"eve"), SENT, KEY, False),
        (BODY.rstrip(), SENT, KEY, False),
        (BODY, str(int(SENT) + 1), KEY, False),
        (BODY, SENT, generate_private_key(SECP256R1()), False),
    ],
    ids=["good", "tampered body", "without its line end", "tampered timestamp", "another key"],
)
def test_sendgrids_own_client_gives_the_same_verdict(
    body: bytes, timestamp: str, key: EllipticCurvePrivateKey, expected: bool
) -> None:
    given_signature = signature(BODY)
    judge = EventWebhook(public(key)).verify_signature(body.decode(), given_signature, timestamp)
    ours = adapter(key).verify(delivery(body, given_signature, timestamp))
    assert judge is expected
    assert code(ours) == ("believed" if expected else "signature_wrong")


@given(st.text())
def test_whatever_is_signed_is_believed_by_both(text: str) -> None:
    body = text.encode()
    given_signature = signature(body)
    assert EventWebhook(public(KEY)).verify_signature(text, given_signature, SENT)
    assert adapter().verify(delivery(body, given_signature)) is None


@given(st.text(), st.text(), st.binary())
def test_nothing_else_is_believed(given_signature: str, timestamp: str, body: bytes) -> None:
    refused = adapter().verify(delivery(body, given_signature, timestamp))
    assert code(refused) in ("signature_missing", "signature_wrong")


@pytest.mark.parametrize("missing", [EventWebhookHeader.SIGNATURE, EventWebhookHeader.TIMESTAMP])
def test_both_headers_are_needed(missing: str) -> None:
    whole = delivery(BODY, signature(BODY))
    headers = {name: value for name, value in whole.headers.items() if name != missing.lower()}
    refused = adapter().verify(Delivery("POST", "", "", headers, BODY, NOW))
    assert code(refused) == "signature_missing"


def test_a_signature_has_one_way_to_be_written() -> None:
    """Base64 has bits to spare at its end: changed ones are noticed, although they decode to the same bytes."""
    for number in range(100):
        body = b"%d" % number
        right = signature(body)
        if right.endswith("=="):
            last = right[-3]
            changed = right[:-3] + chr(ord(last) ^ 1) + "=="
            assert code(adapter().verify(delivery(body, changed))) == "signature_wrong"
            return
    pytest.fail("no signature of the length that this is about")


@pytest.mark.parametrize(
    ("late", "tolerance", "expected"),
    [
        (timedelta(minutes=10), "10m", "believed"),
        (timedelta(minutes=10, seconds=1), "10m", "signature_stale"),
        (timedelta(minutes=-10, seconds=-1), "10m", "signature_stale"),
        (timedelta(minutes=-10), "10m", "believed"),
        (timedelta(hours=23), "24h", "believed"),
        (timedelta(seconds=6), "5s", "signature_stale"),
    ],
)
def test_stale_deliveries_are_refused(late: timedelta, tolerance: str, expected: str) -> None:
    refused = adapter(tolerance=tolerance).verify(delivery(BODY, signature(BODY), received_at=NOW + late))
    assert code(refused) == expected


@pytest.mark.parametrize("timestamp", ["soon", "-1", "1e9", "9" * 12, "\u0661"])
def test_a_signed_timestamp_that_is_no_time_is_malformed(timestamp: str) -> None:
    refused = adapter().verify(delivery(BODY, signature(BODY, timestamp), timestamp))
    assert code(refused) == "malformed"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"verification_key": ""},
        {"verification_key": "not a key"},
        {"verification_key": public(KEY)[:-8]},
        {"verification_key": public(generate_private_key(SECP384R1()))},
        {"verification_key": public(Ed25519PrivateKey.generate())},
    ],
)
def test_a_wrong_key_is_named_at_the_start(config: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        SendGridConfig.model_validate(config)
    (error,) = caught.value.errors()
    assert error["loc"] == ("verification_key",)


def test_a_key_in_the_lines_of_pem_is_the_same_key() -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    config = SendGridConfig.model_validate({"verification_key": pem})
    assert SendGrid(config).verify(delivery(BODY, signature(BODY))) is None


@pytest.mark.parametrize("tolerance", ["0s", "-5m", "soon", 600])
def test_a_wrong_tolerance_is_named_at_the_start(tolerance: object) -> None:
    with pytest.raises(ValidationError) as caught:
        adapter(tolerance=tolerance)
    assert [error["loc"] for error in caught.value.errors()] == [("tolerance",)]


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    items = list(adapter().decode(delivery(body, "")))
    assert items
    assert all(isinstance(item, Bad) for item in items)


@given(JSON, st.sampled_from([*event(), "sg_message_id", "smtp-id", "user_id", "unique_args", "ip"]))
def test_no_json_raises_wherever_it_stands(value: object, name: str) -> None:
    for item in (*decoded(value), *decoded([event(), value, event(**{name: value})])):
        if isinstance(item, Draft):
            seal(item, Origin("default", "mails", "sendgrid"), NOW, 256 << 10)


@given(st.integers(0, 3), st.sampled_from([None, 7, "x", [], {}, {"event": "delivered"}, {"event": "teleported"}]))
def test_one_bad_item_is_rejected_alone(at: int, bad: object) -> None:
    good = [event(sg_event_id=f"e{number}") for number in range(3)]
    items = decoded([*good[:at], bad, *good[at:]])
    assert [item.message_id for item in items if isinstance(item, Draft)] == ["e0", "e1", "e2"]
    (rejected,) = (item for item in items if isinstance(item, Bad))
    assert rejected.fault.path.startswith(f"[{at}]")
    assert orjson.loads(rejected.body) == [bad]


def test_retries_are_copies_even_in_another_batch() -> None:
    nameless = {name: value for name, value in event().items() if name != "sg_event_id"}
    for said in (event(), nameless):
        (first,) = decoded([said])
        _, again = decoded([event(sg_event_id="other"), dict(reversed(said.items()))])
        assert sealed(first).event_id == sealed(again).event_id


def test_events_without_ids_are_told_apart_by_what_they_say() -> None:
    nameless = [event(sg_event_id=None, reason=reason) for reason in ("Invalid", "Bounced Address")]
    assert len({sealed(item).event_id for item in decoded(nameless)}) == 2


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0"}, "14c5d75ce93.dfd.64b469"),
        (
            {"sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0"},
            "LRzXl_NHStOGhQ4kofSm_A",
        ),
        ({"sg_message_id": "QjmLTzbaTBmi5N9k.recvd-5d9c-9-5F.0", "smtp-id": "<a@b>"}, "QjmLTzbaTBmi5N9k"),
        ({"smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>"}, "14c5d75ce93.dfd.64b469"),
        ({"smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@geopod-ismtpd-3-1>"}, "LRzXl_NHStOGhQ4kofSm_A"),
        ({"smtp-id": "<20120525181309.C1A9B40405B3@example.com>"}, "20120525181309.C1A9B40405B3@example.com"),
        ({}, None),
    ],
)
def test_all_events_of_a_mail_are_one_conversation(ids: dict[str, str], expected: str | None) -> None:
    (draft,) = decoded([event(**ids)])
    assert isinstance(draft, Draft)
    assert draft.conversation == expected
    assert draft.properties == ids  # and they stay to be searched for


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"user_id": "u1"}, [("user_id", "u1")]),
        ({"userId": 77}, [("user_id", "77")]),
        ({"unique_args": {"user_id": "u1"}, "custom_args": {"userId": "u2"}}, [("user_id", "u1"), ("user_id", "u2")]),
        ({"uid": "u1", "customer_id": "c1", "id": "001", "sg_user_id": 12}, []),
        ({"user_id": True, "userId": [1]}, []),
        ({"user_id": ""}, []),
    ],
)
def test_only_user_ids_among_the_custom_arguments_name_the_customer(
    more: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    (draft,) = decoded([event(**more)])
    assert isinstance(draft, Draft)
    assert draft.identifiers == [("email", "ada@example.com"), *expected]
    assert draft.properties == more


def test_a_single_event_is_a_batch_of_one() -> None:
    (draft,) = decoded(event())
    assert isinstance(draft, Draft)
