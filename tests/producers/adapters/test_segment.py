import json
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from producers.adapters.segment import Segment, SegmentConfig, key_of
from producers.contract import Bad, Delivery, Draft, MalformedError
from producers.seal import Origin, Sealed, seal
from schemas.fates import Reason
from tests.strategies import json_values

KEY = "wk_1"
SEGMENT = Segment(SegmentConfig(write_key=SecretStr(KEY)))
PATHS = [
    f"/v1/{end}" for end in ("identify", "track", "page", "screen", "group", "alias", "batch", "import", *"tipsgab")
]
TRACK = {"type": "track", "userId": "u1", "event": "Song Played", "messageId": "m1"}


def basic(user: str, password: str = "") -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def delivery(body: object, path: str = "/v1/batch", authorization: str | None = None) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if authorization is None else {"authorization": authorization}
    return Delivery("POST", path, "", headers, raw, datetime(2026, 1, 31, 12, tzinfo=UTC))


def refusal(delivered: Delivery) -> str | None:
    refused = SEGMENT.verify(delivered)
    return None if refused is None else refused.code


@pytest.mark.parametrize(
    ("authorization", "body"),
    [
        (basic(KEY), {}),
        (basic(KEY, "password"), {}),
        (basic(KEY).rstrip("="), {}),
        (f"Basic {b64encode(KEY.encode()).decode()}", {}),
        (f"basic  {basic(KEY)[6:]} ", {}),
        (f"Bearer {KEY}", {}),
        (None, {"writeKey": KEY, "batch": []}),
        ("", {"writeKey": KEY}),
        (basic(""), {"writeKey": KEY}),
        ("Digest x", {"writeKey": KEY}),
    ],
)
def test_the_key_is_found_where_sdks_put_it(authorization: str | None, body: object) -> None:
    delivered = delivery(body, authorization=authorization)
    assert key_of(delivered) == KEY
    assert refusal(delivered) is None


@pytest.mark.parametrize(
    ("authorization", "body", "code"),
    [
        (None, {}, "key_missing"),
        (None, b"{", "key_missing"),
        (None, b"\xff", "key_missing"),
        (None, [{"writeKey": KEY}], "key_missing"),
        (None, {"writeKey": 7}, "key_missing"),
        (None, {"writeKey": ""}, "key_missing"),
        ("Basic", {}, "key_missing"),
        ("Basic !", {}, "key_missing"),
        (None, {"writeKey": "wk_2"}, "key_wrong"),
        (basic("wk_2"), {"writeKey": KEY}, "key_wrong"),
        (basic("ключ"), {}, "key_wrong"),
        ("Basic //79", {}, "key_wrong"),
        ("Bearer wk_10", {}, "key_wrong"),
    ],
)
def test_what_names_no_key_or_another_is_refused(authorization: str | None, body: object, code: str) -> None:
    assert refusal(delivery(body, authorization=authorization)) == code


@pytest.mark.parametrize("key", ["", " ", "a b", "a:b", "wk_1\n"])
def test_a_key_that_no_request_could_name_stops_the_start(key: str) -> None:
    with pytest.raises(ValidationError, match="write_key"):
        SegmentConfig.model_validate({"write_key": key})


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")), st.binary())
@example("Basic éé", b'{"writeKey": "\\ud800"}')
@example("", b'{"a":' * 5000)
def test_no_header_and_no_body_raises_in_verify(authorization: str, body: bytes) -> None:
    SEGMENT.verify(delivery(body, authorization=authorization))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *(("/v1/identify", "identify"), ("/v1/i", "identify"), ("/v1/group", "group"), ("/v1/g", "group")),
        *(("/v1/alias", "alias"), ("/v1/a", "alias")),
    ],
)
def test_the_path_names_the_call(path: str, kind: str) -> None:
    [made] = SEGMENT.decode(delivery({"type": "track", "userId": "u1"}, path))
    assert isinstance(made, Draft)
    assert made.name == kind


@pytest.mark.parametrize("path", ["/v1/t", "/v1/track", "/v1/track/", "/sources/web", "/"])
def test_a_single_message_names_its_own_call_where_the_path_does_not(path: str) -> None:
    [made] = SEGMENT.decode(delivery(TRACK, path))
    assert isinstance(made, Draft)
    assert made.name == "Song Played"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/b", "/sources/web"])
def test_batches_keep_their_order_and_a_bad_one_among_them(path: str) -> None:
    batch = {"batch": [TRACK, {"type": "track", "userId": "u1", "writeKey": KEY}, 7, TRACK | {"messageId": "m2"}]}
    first, bad, worse, last = SEGMENT.decode(delivery(batch, path))
    assert isinstance(first, Draft)
    assert isinstance(last, Draft)
    assert (first.message_id, last.message_id) == ("m1", "m2")
    assert isinstance(bad, Bad)
    assert isinstance(worse, Bad)
    assert (bad.fault.path, worse.fault.path) == ("batch[1].event", "batch[2]")
    assert orjson.loads(bad.body) == {"batch": [{"type": "track", "userId": "u1"}]}, "whole, but for the key"
    assert worse.body == b'{"batch":[7]}'


def test_a_bad_single_call_names_the_member_and_keeps_its_id() -> None:
    [bad] = SEGMENT.decode(delivery(TRACK | {"timestamp": "soon"}, "/v1/t"))
    assert isinstance(bad, Bad)
    assert (bad.fault.reason, bad.fault.path, bad.message_id) == (Reason.TIME_INVALID, "timestamp", "m1")


def test_an_empty_batch_is_nothing_and_no_fault() -> None:
    assert SEGMENT.decode(delivery({"batch": []})) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff{}", b'"a"', b"[]", b"{}", b'{"batch": {}}', b'{"batch": [], "context": 7}', b"[" * 10000],
)
def test_what_is_no_batch_at_all_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        SEGMENT.decode(delivery(body))
    assert refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("depth", [300, 1000])
def test_a_bad_one_is_kept_alone_however_deep_it_is(depth: int) -> None:
    deep = b'{"type":"dance","x":' + b"[" * depth + b"]" * depth + b"}"
    bad, good = SEGMENT.decode(delivery(b'{"batch":[' + deep + b"," + orjson.dumps(TRACK) + b"]}"))
    assert isinstance(bad, Bad)
    assert bad.body == b'{"batch":[' + deep + b"]}"
    assert isinstance(good, Draft)


def test_half_a_character_spoils_neither_the_batch_nor_the_key() -> None:
    cut = b'{"writeKey":"wk_1","batch":[' + orjson.dumps(TRACK)[:-1] + rb',"properties":{"a":"x\ud83d"}}]}'
    [made] = SEGMENT.decode(delivery(cut))
    assert isinstance(made, Draft)
    assert made.properties["a"] == "x\ufffd"
    assert key_of(delivery(cut)) == KEY


def sealed(message: dict[str, Any], **envelope: object) -> Sealed:
    [made] = SEGMENT.decode(delivery({"batch": [message]} | envelope))
    assert isinstance(made, Draft)
    done = seal(made, Origin("default", "web", "segment"), datetime(2026, 1, 31, 12, tzinfo=UTC), 1 << 18)
    assert isinstance(done, Sealed)
    return done


def test_a_retry_has_the_same_id_and_the_same_fingerprint() -> None:
    first = orjson.loads(sealed(TRACK, sentAt="2026-01-31T12:00:00Z").value)
    again = orjson.loads(sealed(TRACK | {"_metadata": {"retryCount": 3}}, sentAt="2026-01-31T12:09:00Z").value)
    assert (first["event_id"], first["fingerprint"]) == (again["event_id"], again["fingerprint"])
    assert first["sent_at"] != again["sent_at"]


def test_a_message_is_the_same_alone_and_in_a_batch() -> None:
    [alone] = SEGMENT.decode(delivery(TRACK, "/v1/t"))
    [together] = SEGMENT.decode(delivery({"batch": [TRACK]}))
    assert alone == together


MEMBERS = (
    *("type", "userId", "anonymousId", "event", "name", "category", "messageId", "timestamp", "sentAt", "receivedAt"),
    *("traits", "properties", "context", "integrations", "previousId", "groupId", "channel", "x"),
)
contexts = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("traits", "device", "externalIds", "library", "os"), json_values)
)
values = json_values | st.sampled_from(["track", "page", "2026-01-31T12:00:00Z"]) | contexts
messages = st.dictionaries(st.sampled_from(MEMBERS), values)


@given(
    messages | st.fixed_dictionaries({"batch": st.lists(messages | json_values, max_size=4)}), st.sampled_from(PATHS)
)
def test_any_json_decodes_to_drafts_that_seal_or_to_faults(body: dict[str, Any], path: str) -> None:
    try:
        items = SEGMENT.decode(delivery(body, path))
    except MalformedError:
        return
    for item in items:
        if isinstance(item, Draft):
            assert item.channel in Segment.channels
            seal(item, Origin("default", "web", "segment"), datetime(2026, 1, 31, 12, tzinfo=UTC), 1 << 18)
        else:
            assert item.body


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()), st.sampled_from(PATHS))
def test_any_bytes_are_items_or_malformed(body: bytes, path: str) -> None:
    with suppress(MalformedError):
        SEGMENT.decode(replace(delivery({}), body=body, path=path))
