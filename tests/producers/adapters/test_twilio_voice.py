"""Twilio's own RequestValidator signs and judges; the golden cases are run by test_conformance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from twilio.request_validator import RequestValidator

from producers.adapters.twilio_voice import TwilioVoice, TwilioVoiceConfig
from producers.contract import Bad, Delivery, Draft, Refused
from producers.intake.http import HttpIntake
from producers.seal import Origin, Sealed, seal
from producers.sources import Source
from schemas.settings import HttpSettings
from tests.producers.doubles import KeptPublisher, acceptor, metrics

TOKEN = "4f1c9d2b7a6e4c0f8b3d5a1e9c7f2b60"
URL = "https://events.example.com/sources/phone"
NOW = datetime(2026, 3, 2, 17, 6, tzinfo=UTC)
VALIDATOR = RequestValidator(TOKEN)
CALL = {"CallSid": "CA1", "From": "+14158675310", "To": "+18005551212", "Direction": "inbound"}
EVENT = CALL | {"CallStatus": "completed", "SequenceNumber": "3", "Timestamp": "Mon, 02 Mar 2026 17:05:10 +0000"}

texts = st.text(st.characters(codec="utf-8"), max_size=20)
forms = st.dictionaries(texts.filter(bool), texts, max_size=8)
KEYS = st.sampled_from(
    [*EVENT, "CallDuration", "CallerName", "ConferenceSid", "RecordingSid", "RecordingStatus", "TranscriptionSid"]
)


def adapter(*own: str) -> TwilioVoice:
    return TwilioVoice(TwilioVoiceConfig.model_validate({"auth_token": TOKEN, "own_numbers": own}))


def post(params: dict[str, str], url: str = URL, **headers: str) -> Delivery:
    signed = {"x-twilio-signature": VALIDATOR.compute_signature(url, params)}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery("POST", "/sources/phone", "", kind | signed | named, urlencode(params).encode(), NOW, url)


def get(params: dict[str, str]) -> Delivery:
    url = f"{URL}?{urlencode(params)}"
    signed = {"x-twilio-signature": VALIDATOR.compute_signature(url, {})}
    return Delivery("GET", "/sources/phone", url.partition("?")[2], signed, b"", NOW, url)


def json_post(document: object) -> Delivery:
    body = orjson.dumps(document)
    url = f"{URL}?bodySHA256={VALIDATOR.compute_hash(body.decode())}"
    headers = {"content-type": "application/json", "x-twilio-signature": VALIDATOR.compute_signature(url, {})}
    return Delivery("POST", "/sources/phone", url.partition("?")[2], headers, body, NOW, url)


def drafts(delivery: Delivery, *own: str) -> list[Draft]:
    return [item for item in adapter(*own).decode(delivery) if isinstance(item, Draft)]


def draft(params: dict[str, str], *own: str) -> Draft:
    (only,) = drafts(post(params), *own)
    return only


def code(refused: Refused | None) -> str | None:
    return None if refused is None else refused.code


@given(forms, st.sampled_from(["http", "https"]), st.sampled_from(["", ":80", ":443", ":8443"]), texts)
def test_what_twilios_validator_signs_is_believed(params: dict[str, str], scheme: str, port: str, asked: str) -> None:
    url = f"{scheme}://events.example.com{port}/sources/phone?{urlencode({'q': asked})}"
    assert adapter().verify(post(params, url)) is None


@given(forms, forms)
def test_it_believes_what_twilios_validator_believes(signed: dict[str, str], sent: dict[str, str]) -> None:
    delivery = replace(post(signed), body=urlencode(sent).encode())
    verdict = VALIDATOR.validate(URL, sent, delivery.headers["x-twilio-signature"])
    assert (adapter().verify(delivery) is None) == verdict


@pytest.mark.parametrize("signed", ["https://events.example.com/a", "https://events.example.com:443/a"])
@pytest.mark.parametrize("called", ["https://events.example.com/a", "https://events.example.com:443/a"])
def test_the_port_may_be_signed_or_not(signed: str, called: str) -> None:
    assert adapter().verify(replace(post(EVENT, signed), url=called)) is None
    assert VALIDATOR.validate(called, EVENT, VALIDATOR.compute_signature(signed, EVENT))


def test_another_port_is_another_url() -> None:
    delivery = replace(post(EVENT, "https://events.example.com:8443/a"), url="https://events.example.com:9443/a")
    assert code(adapter().verify(delivery)) == "signature_wrong"


def test_credentials_in_the_url_are_not_signed() -> None:
    delivery = replace(post(EVENT), url=URL.replace("https://", "https://user:secret@"))
    assert adapter().verify(delivery) is None


def test_the_published_example() -> None:
    token = TwilioVoiceConfig.model_validate({"auth_token": "12345"})
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    params = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "To": "+18005551212"}
    params |= {"From": "+12349013030", "Caller": "+12349013030"}
    signed = post(params, url, x_twilio_signature="0/KCTR6DLpKmkAf8muzZqo1nDgQ=")
    assert TwilioVoice(token).verify(signed) is None
    assert code(TwilioVoice(token).verify(replace(signed, url=url + "3"))) == "signature_wrong"


def test_a_shared_key_signs_with_sha256() -> None:
    signature = VALIDATOR.compute_signature(URL, EVENT, "HMAC_SHA256")
    settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    delivery = post(EVENT, x_twilio_signature=signature, x_twilio_webhooks_signature_settings=settings)
    assert adapter().verify(delivery) is None
    unknown = dict(delivery.headers) | {"x-twilio-webhooks-signature-settings": "algorithm=NONE"}
    assert code(adapter().verify(replace(delivery, headers=unknown))) == "signature_wrong"


def test_a_get_says_the_same_as_a_post() -> None:
    delivery = get(EVENT)
    assert adapter().verify(delivery) is None
    assert drafts(delivery) == drafts(post(EVENT))
    changed = replace(delivery, url=delivery.url.replace("5310", "5311"))
    assert code(adapter().verify(changed)) == "signature_wrong"


async def test_a_get_goes_through_the_door() -> None:
    publisher, counts, settings = KeptPublisher(), metrics(), HttpSettings(public_url="https://events.example.com")
    phone = Source(Origin("default", "phone", "twilio_voice"), adapter())
    app = HttpIntake({"phone": phone}, acceptor(publisher, counts), settings, counts, list)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080") as http:
        delivery = get(EVENT)
        for headers, status in ((delivery.headers, 200), ({"x-twilio-signature": "forged"}, 403)):
            answer = await http.get(f"/sources/phone?{delivery.query}", headers=headers)
            assert answer.status_code == status
    ((topic, _, value),) = publisher.records
    assert (topic, orjson.loads(value)["message_id"]) == ("interactions.call_center", "CA1:completed:3")


def test_the_body_of_a_get_is_not_signed_and_not_read() -> None:
    delivery = replace(get(EVENT), body=urlencode({"CallSid": "CA2"}).encode())
    assert drafts(delivery)[0].conversation == "CA1"


def test_json_is_believed_by_the_hash_in_the_url() -> None:
    delivery = json_post(EVENT | {"SequenceNumber": 3})
    assert adapter().verify(delivery) is None
    (said,) = drafts(delivery)
    assert said.message_id == "CA1:completed:3"
    assert "bodySHA256" not in said.properties


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_a_body_that_nothing_covers_is_refused(kind: str) -> None:
    headers = {"content-type": kind, "x-twilio-signature": VALIDATOR.compute_signature(URL, {})}
    delivery = Delivery("POST", "/sources/phone", "", headers, orjson.dumps(EVENT), NOW, URL)
    assert code(adapter().verify(delivery)) == "signature_wrong"
    changed = replace(json_post(EVENT), body=orjson.dumps(EVENT | {"CallSid": "CA2"}))
    assert code(adapter().verify(changed)) == "signature_wrong"


def test_json_that_is_called_a_form_is_refused() -> None:
    delivery = json_post(EVENT)
    called = dict(delivery.headers) | {"content-type": "application/x-www-form-urlencoded"}
    assert code(adapter().verify(replace(delivery, headers=called))) == "signature_wrong"


def test_a_list_of_callbacks_is_as_many_items() -> None:
    items = list(adapter().decode(json_post([EVENT, 7, EVENT | {"SequenceNumber": "4"}])))
    assert [isinstance(item, Draft) for item in items] == [True, False, True]
    assert isinstance(items[1], Bad)
    assert items[1].body == b"7"


def test_too_many_fields_are_refused() -> None:
    headers = {"x-twilio-signature": "x"}
    delivery = Delivery("POST", "/sources/phone", "", headers, b"a&" * 100_000, NOW, URL)
    assert code(adapter().verify(delivery)) == "malformed"


@given(st.binary(max_size=300), st.text(max_size=40), st.text(max_size=60), st.sampled_from(["GET", "POST", "PUT"]))
def test_no_bytes_raise(body: bytes, header: str, url: str, method: str) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", header):
        headers = {"content-type": kind, "x-twilio-signature": header, "x-twilio-webhooks-signature-settings": url}
        delivery = Delivery(method, "/sources/phone", url, headers, body, NOW, url)
        assert isinstance(adapter().verify(delivery), Refused)
        for item in adapter().decode(delivery):
            assert isinstance(item, Draft | Bad)


@given(st.dictionaries(KEYS, texts))
def test_whatever_the_fields_hold_a_call_comes_of_it(params: dict[str, Any]) -> None:
    for delivery in (post(EVENT | params), json_post(EVENT | params | {"CallDuration": [params]})):
        for item in adapter().decode(delivery):
            assert isinstance(item, Draft | Bad)


@given(forms)
def test_a_retry_has_the_same_id_and_the_same_content(params: dict[str, str]) -> None:
    first = post(EVENT | params, i_twilio_idempotency_token="a")
    again = replace(first, headers=dict(first.headers) | {"i-twilio-idempotency-token": "b"})
    again = replace(again, received_at=NOW + timedelta(minutes=5))
    for sequence in (first, again):
        assert [sealed(item, sequence.received_at) for item in drafts(sequence)] == [
            sealed(item, NOW) for item in drafts(first)
        ]


def sealed(item: Draft, at: datetime) -> object:
    result = seal(item, Origin("default", "phone", "twilio_voice"), at, 1 << 18)
    return (result.event_id, orjson.loads(result.value)["fingerprint"]) if isinstance(result, Sealed) else result.fault


def test_each_event_of_a_call_has_its_own_id() -> None:
    life = [EVENT | {"CallStatus": status, "SequenceNumber": str(n)} for n, status in enumerate(("ringing", "busy"))]
    life += [CALL | {"RecordingSid": "RE1", "RecordingStatus": status} for status in ("in-progress", "completed")]
    life += [CALL | {"TranscriptionSid": "GT1", "TranscriptionEvent": "content", "SequenceId": n} for n in "12"]
    assert len({draft(said).message_id for said in life}) == len(life)


def test_requests_without_a_number_are_told_apart_by_content() -> None:
    first, second = (draft(CALL | {"CallStatus": "in-progress", "Digits": digit}) for digit in "12")
    assert first.message_id is None
    assert sealed(first, NOW) != sealed(second, NOW)


ADA = ("phone", "+14158675310")


@pytest.mark.parametrize(
    ("direction", "ends", "expected"),
    [
        ("inbound", "+14158675310 +18005551212", (ADA, "+18005551212", "inbound")),
        ("outbound-api", "+18005551212 +14158675310", (ADA, "+18005551212", "outbound")),
        ("outbound-dial", "+18005551212 +14158675310", (ADA, "+18005551212", "outbound")),
        ("outbound-dial", "+14158675310 client:joey", (ADA, "joey", "inbound")),
        ("outbound-dial", "+14158675310 sip:joey@pbx", (ADA, "joey@pbx", "inbound")),
        ("outbound-dial", "+14158675310 +18589876543", (ADA, "+18589876543", "inbound")),
        ("inbound", "client:joey +14158675310", (ADA, "joey", "outbound")),
        ("inbound", "client:ada +18589876543", (("twilio_client", "ada"), "+18589876543", "inbound")),
        ("inbound", "whatsapp:+14158675310 +18005551212", (ADA, "+18005551212", "inbound")),
        ("outbound-api", "+18005551212 client:ada", (("twilio_client", "ada"), "+18005551212", "outbound")),
        ("inbound", "sips:Ada@Example.com;user=phone client:joey", (("sip", "ada@example.com"), "joey", "inbound")),
    ],
)
def test_who_is_the_customer(direction: str, ends: str, expected: tuple[tuple[str, str], str, str]) -> None:
    caller, called = ends.split()
    said = draft(CALL | {"Direction": direction, "From": caller, "To": called}, "+18589876543")
    assert (said.identifiers[0], said.agent, said.direction) == expected
    assert len(said.identifiers) == 1  # a call is no person: its id names nobody where somebody else does


@pytest.mark.parametrize("withheld", ["+266696687", "anonymous", "Restricted", "", "x" * 600])
def test_nobody_is_identified_by_a_withheld_number(withheld: str) -> None:
    said = draft(CALL | {"From": withheld, "CallerName": "ANONYMOUS"})
    assert said.identifiers == [("call_id", "CA1")]
    assert said.traits == {}


@pytest.mark.parametrize("stamp", ["yesterday", "Mon, 32 Mar 2026 17:05:10 +0000", "Mon, 02 Mar 1926 17:05:10 +0000"])
def test_a_time_that_is_none_is_kept(stamp: str) -> None:
    said = draft(EVENT | {"Timestamp": stamp})
    assert said.occurred_at is None
    assert said.context["timestamp"] == stamp


@pytest.mark.parametrize("duration", ["-1", "1e99", "nan", "long"])
def test_a_duration_that_is_none_is_kept(duration: str) -> None:
    said = draft(EVENT | {"CallDuration": duration})
    assert said.duration_s is None
    assert said.properties["CallDuration"] == duration


def test_a_credential_is_not_kept() -> None:
    assert "CallToken" not in draft(EVENT | {"CallToken": "eyJ"}).properties


def test_the_answer_is_twiml() -> None:
    answer = adapter().reply()
    assert (answer.status, answer.body[-11:], answer.content_type[:8]) == (200, b"<Response/>", "text/xml")


def test_own_numbers_may_be_one_text() -> None:
    config = TwilioVoiceConfig.model_validate({"auth_token": "x", "own_numbers": "+1800, +1900"})
    assert config.own_numbers == ("+1800", "+1900")
    with pytest.raises(ValidationError, match="auth_token"):
        TwilioVoiceConfig.model_validate({"auth_token": ""})
