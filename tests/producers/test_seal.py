from datetime import UTC, datetime, timedelta, timezone

import orjson
from hypothesis import given
from hypothesis import strategies as st

from producers.contract import Bad, Draft
from producers.seal import Origin, Sealed, seal, timestamp
from schemas.check import Checked, check
from schemas.fates import Reason
from schemas.ids import event_id, fingerprint
from schemas.interaction import CHANNELS, TYPES, Interaction
from tests.producers.doubles import NOW
from tests.strategies import json_values

ORIGIN = Origin("default", "shop", "double")
LIMIT = 1 << 18
FIRST, LAST = datetime(1970, 1, 2), datetime(2099, 12, 30)  # noqa: DTZ001  hypothesis adds the zone

open_objects = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
short = st.none() | st.text(min_size=1, max_size=20)
numbers = st.none() | st.floats(0, 1e15, allow_nan=False)
times = st.none() | st.datetimes(FIRST, LAST, timezones=st.sampled_from([UTC, timezone(timedelta(hours=5.5))]))
drafts = st.builds(
    Draft,
    channel=st.sampled_from(CHANNELS),
    type=st.sampled_from(TYPES),
    message_id=short,
    occurred_at=times,
    identifiers=st.lists(st.tuples(st.sampled_from(["email", "user_id"]), st.text(max_size=20)), max_size=4),
    name=short,
    sent_at=times,
    direction=st.sampled_from([None, "inbound", "outbound"]),
    traits=open_objects,
    conversation=short,
    agent=short,
    text=st.none() | st.text(max_size=50),
    amount=numbers,
    currency=st.sampled_from([None, "EUR"]),
    score=numbers,
    score_scale=numbers,
    duration_s=numbers,
    properties=open_objects,
    context=open_objects,
)


@given(drafts)
def test_what_is_sealed_is_an_interaction_that_says_what_the_draft_says(draft: Draft) -> None:
    sealed = seal(draft, ORIGIN, NOW, LIMIT)
    if isinstance(sealed, Bad):
        assert sealed.fault.reason in (Reason.IDENTIFIER_MISSING, Reason.SCHEMA_INVALID)
        return
    assert sealed.value.startswith(b'{"schema":1,"event_id":"')
    assert isinstance(check(sealed.value), Checked)
    interaction = Interaction.model_validate_json(sealed.value)
    assert interaction.event_id == sealed.event_id
    assert interaction.message_id == draft.message_id
    for member in ("channel", "type", "name", "text", "traits", "properties", "context", "amount", "duration_s"):
        assert getattr(interaction, member) == getattr(draft, member)
    assert interaction.received_at == NOW
    assert interaction.occurred_at == milliseconds(draft.occurred_at or NOW)


def milliseconds(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@given(drafts)
def test_the_fingerprint_is_that_of_the_document(draft: Draft) -> None:
    sealed = seal(draft, ORIGIN, NOW, LIMIT)
    if isinstance(sealed, Sealed):
        document = orjson.loads(sealed.value)
        assert document["fingerprint"] == fingerprint(document)


@given(drafts, st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_a_copy_that_comes_later_has_the_same_id_and_fingerprint(draft: Draft, later: datetime) -> None:
    first, again = seal(draft, ORIGIN, NOW, LIMIT), seal(draft, ORIGIN, later, LIMIT)
    if isinstance(first, Sealed) and isinstance(again, Sealed):
        assert first.event_id == again.event_id
        assert orjson.loads(first.value)["fingerprint"] == orjson.loads(again.value)["fingerprint"]
        if draft.message_id is not None:
            assert first.event_id == event_id("default", "shop", draft.message_id)


def bad(draft: Draft, limit: int = LIMIT) -> Bad:
    sealed = seal(draft, ORIGIN, NOW, limit)
    assert isinstance(sealed, Bad)
    return sealed


def draft(**members: object) -> Draft:
    made = Draft("chat", "message", "m1", None, [("email", " Ada@Example.com ")])
    for name, value in members.items():
        setattr(made, name, value)
    return made


def test_without_an_identifier_it_is_rejected_with_its_id() -> None:
    rejected = bad(draft(identifiers=[("email", " "), ("user_id", "")]))
    assert (rejected.fault.reason, rejected.fault.path) == (Reason.IDENTIFIER_MISSING, "identifiers")
    assert rejected.event_id == event_id("default", "shop", "m1")
    assert orjson.loads(rejected.body)["message_id"] == "m1"


def test_what_json_cannot_hold_is_rejected() -> None:
    for members in (
        {"properties": {"n": 2**70}},
        {"text": "\ud800"},
        {"properties": {1: 2}},
        {"traits": {"a": {1, 2}}},
    ):
        assert bad(draft(**members)).fault.reason is Reason.SCHEMA_INVALID


def test_what_is_too_large_is_rejected_whole() -> None:
    rejected = bad(draft(text="x" * 2000), 1000)
    assert rejected.fault.reason is Reason.TOO_LARGE
    assert len(rejected.body) > 2000


def test_identifiers_are_in_normal_form_and_once_each() -> None:
    sealed = seal(draft(identifiers=[("email", " A@b.C "), ("user_id", "7"), ("email", "a@B.c")]), ORIGIN, NOW, LIMIT)
    assert isinstance(sealed, Sealed)
    assert orjson.loads(sealed.value)["identifiers"] == [
        {"kind": "email", "value": "a@b.c"},
        {"kind": "user_id", "value": "7"},
    ]


def test_a_phone_number_is_of_the_sources_region() -> None:
    numbers = [("phone", "0151 12345678"), ("phone", "+1 415 867 5310")]
    sealed = seal(draft(identifiers=numbers), Origin("default", "shop", "double", "DE"), NOW, LIMIT)
    assert isinstance(sealed, Sealed)
    assert orjson.loads(sealed.value)["identifiers"] == [
        {"kind": "phone", "value": "+4915112345678"},
        {"kind": "phone", "value": "+14158675310"},
    ]


def test_times_are_utc_in_milliseconds() -> None:
    assert (
        timestamp(datetime(2026, 1, 31, 17, 30, 0, 123999, timezone(timedelta(hours=5.5))))
        == "2026-01-31T12:00:00.123Z"
    )


def test_what_is_too_deep_is_kept_as_json() -> None:
    properties = orjson.loads(b'{"a":' * 1000 + b"1" + b"}" * 1000)
    refused = bad(Draft("chat", "message", "m1", NOW, [("user_id", "u1")], properties=properties))
    assert refused.fault.reason == Reason.SCHEMA_INVALID
    assert b'"message_id":"m1"' in refused.body
    assert refused.body.count(b'{"a":') == 1000
