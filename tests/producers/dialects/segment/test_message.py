from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.contract import Draft
from producers.dialects.segment.faults import CALLS
from producers.dialects.segment.message import Envelope, draft_of
from schemas.fates import Fault
from tests.strategies import json_values, objects

ALONE = Envelope()


def draft(envelope: Envelope = ALONE, **message: object) -> Draft:
    of_call = {} if "type" in message else {"type": "track", "event": "Song Played"}
    made = draft_of({"userId": "u1"} | of_call | message, None, envelope)
    assert isinstance(made, Draft), made
    return made


def test_each_call_has_its_type_and_name() -> None:
    told = {call: draft(type=call, name="Home", event="Song Played") for call in CALLS}
    assert {call: (made.type, made.name) for call, made in told.items()} == {
        "identify": ("identity", "identify"),
        "track": ("action", "Song Played"),
        "page": ("view", "Home"),
        "screen": ("view", "Home"),
        "group": ("identity", "group"),
        "alias": ("identity", "alias"),
    }


def test_a_page_without_a_name_is_named_by_its_title() -> None:
    assert draft(type="page", properties={"title": "Shop"}).name == "Shop"
    assert draft(type="page", properties={"title": "Shop", "name": "Home"}).name == "Home"
    assert draft(type="page", properties={"title": 7}).name is None


def test_the_category_of_a_page_is_a_property() -> None:
    assert draft(type="page", category="Docs", name="Home").properties == {"category": "Docs"}
    assert draft(type="page", category="Docs", properties={"category": "Own"}).properties == {"category": "Own"}


def test_traits_of_an_identify_call_win_over_those_of_its_context() -> None:
    made = draft(
        type="identify", traits={"plan": "pro", "email": "a@b.co"}, context={"traits": {"plan": "free", "x": 1}}
    )
    assert made.traits == {"plan": "pro", "x": 1, "email": "a@b.co"}
    assert made.context == {"traits": {"plan": "free", "x": 1}}, "a trait that was replaced is kept"
    assert ("email", "a@b.co") in made.identifiers


def test_traits_of_the_context_move_where_nothing_is_lost() -> None:
    made = draft(context={"traits": {"email": "a@b.co", "phone": "+14155550123"}, "ip": "8.8.8.8"})
    assert made.context == {"ip": "8.8.8.8"}
    assert made.traits == {"email": "a@b.co", "phone": "+14155550123"}
    assert made.identifiers == [("user_id", "u1"), ("email", "a@b.co"), ("phone", "+14155550123")]


def test_a_groups_traits_are_not_the_customers() -> None:
    made = draft(type="group", groupId="g1", traits={"email": "office@acme.example"}, context={"traits": {"age": 3}})
    assert made.traits == {"age": 3}
    assert made.properties == {"groupId": "g1", "traits": {"email": "office@acme.example"}}
    assert made.identifiers == [("user_id", "u1")]


def test_an_alias_names_the_former_id() -> None:
    made = draft(type="alias", previousId="old", anonymousId="a1")
    assert made.identifiers == [("user_id", "u1"), ("anonymous_id", "a1"), ("anonymous_id", "old")]
    assert made.properties == {"previousId": "old"}


def test_an_alias_of_the_anonymous_id_adds_no_user_id() -> None:
    assert draft(type="alias", previousId="a1", anonymousId="a1").identifiers == [
        ("user_id", "u1"),
        ("anonymous_id", "a1"),
    ]


def test_devices_and_external_ids_are_identifiers() -> None:
    context = {"device": {"id": "d1"}, "externalIds": [{"id": "7", "type": "crm_id"}]}
    made = draft(context=context)
    assert made.identifiers == [("user_id", "u1"), ("crm_id", "7"), ("device_id", "d1")]
    assert made.context == context


@pytest.mark.parametrize(
    ("event", "properties", "priced"),
    [
        ("Order Completed", {"total": 27.5, "revenue": 25, "currency": "usd"}, ("order", 25.0, "USD")),
        ("Order Refunded", {"total": "30"}, ("order", 30.0, None)),
        ("completed_order", {}, ("order", None, None)),
        ("Order Cancelled", {"currency": "USD"}, ("order", None, None)),
        ("Subscription Renewed", {"revenue": 9, "currency": "EUR"}, ("action", 9.0, "EUR")),
        ("Subscription Renewed", {"total": 9}, ("action", None, None)),
        ("Product Added", {"price": 19}, ("action", None, None)),
    ],
)
def test_orders_have_their_amount(event: str, properties: dict[str, Any], priced: tuple[object, ...]) -> None:
    made = draft(event=event, properties=properties)
    assert (made.type, made.amount, made.currency) == priced
    assert made.properties == properties


def test_times_stay_as_they_were_sent() -> None:
    made = draft(timestamp="2026-01-31T13:00:00+01:00", sentAt="2026-01-31T12:00:01Z")
    assert made.occurred_at == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert made.sent_at == datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC)
    assert draft().occurred_at is None


def test_timestamp_comes_before_the_original_one_which_is_kept() -> None:
    made = draft(timestamp="2012-01-02T00:00:00Z", originalTimestamp="2026-01-31T12:00:00Z")
    assert made.occurred_at == datetime(2012, 1, 2, tzinfo=UTC)
    assert made.context == {"_extra": {"originalTimestamp": "2026-01-31T12:00:00Z"}}
    assert draft(originalTimestamp="2012-01-02T00:00:00Z").occurred_at == datetime(2012, 1, 2, tzinfo=UTC)


def test_an_unreadable_sending_time_costs_nothing_but_itself() -> None:
    made = draft(Envelope(sent_at="soon"))
    assert made.sent_at is None
    assert made.context == {"_extra": {"sentAt": "soon"}}


def test_a_message_that_another_collector_had_first_tells_no_skew() -> None:
    made = draft(sentAt="2015-01-01T00:00:00Z", receivedAt="2015-01-01T00:00:00.2Z")
    assert made.sent_at is None
    assert made.context["_extra"] == {"sentAt": "2015-01-01T00:00:00Z", "receivedAt": "2015-01-01T00:00:00.2Z"}


def test_a_message_wins_over_its_batch() -> None:
    envelope = Envelope(
        {"ip": "1.1.1.1", "locale": "de"}, {"All": True, "A": True}, "2026-01-31T12:00:01Z", {"timestamp": "x"}
    )
    made = draft(envelope, context={"ip": "2.2.2.2"}, integrations={"All": False})
    assert made.sent_at == datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC)
    assert made.context == {
        "ip": "2.2.2.2",
        "locale": "de",
        "integrations": {"All": False, "A": True},
        "_extra": {"batch": {"timestamp": "x"}},
    }


def test_integrations_of_the_context_keep_their_place() -> None:
    made = draft(context={"integrations": {"Google Analytics": {"clientId": "1.2"}}}, integrations={"All": False})
    assert made.context == {
        "integrations": {"Google Analytics": {"clientId": "1.2"}},
        "_extra": {"integrations": {"All": False}},
    }


def test_strangers_are_kept_and_the_key_is_not() -> None:
    made = draft(version="1.1", _metadata={"retryCount": 2}, writeKey="wk", email="a@b.co", groupId="g1", name=None)
    assert made.context == {
        "_extra": {"version": "1.1", "_metadata": {"retryCount": 2}, "email": "a@b.co", "groupId": "g1"}
    }


def test_what_a_retry_stamps_anew_changes_nothing_that_was_said() -> None:
    first = draft(messageId="m1", timestamp="2026-01-31T12:00:00Z", sentAt="2026-01-31T12:00:01Z")
    again = draft(
        messageId="m1", timestamp="2026-01-31T12:00:00Z", sentAt="2026-01-31T12:05:00Z", _metadata={"retryCount": 1}
    )
    again.context, again.sent_at = first.context, first.sent_at
    assert again == first


@pytest.mark.parametrize("named", [None, "", "t", "Track", "dance", 7, []])
def test_an_unknown_call_is_a_fault(named: object) -> None:
    made = draft_of({"type": named, "userId": "u1", "event": "E"}, None, ALONE)
    assert isinstance(made, Fault)
    assert made.path == "type"


@given(objects, st.sampled_from(list(CALLS.values())), objects, objects)
def test_nothing_is_dropped(
    strangers: dict[str, Any], call: str, properties: dict[str, Any], context: dict[str, Any]
) -> None:
    strangers = {f"x-{name}": value for name, value in strangers.items()}
    made = draft(type=call, name="N", event="E", properties=properties, context=context, **strangers)
    for name, value in properties.items():
        assert made.properties[name] == value
    for name, value in context.items():
        assert made.context[name] == value
    for name, value in strangers.items():
        assert value is None or made.context["_extra"][name] == value


@given(st.dictionaries(st.sampled_from(["type", "userId", "event", "traits", "context", "properties"]), json_values))
def test_no_message_raises(message: dict[str, Any]) -> None:
    draft_of(message, None, ALONE)
    draft_of(message, "track", ALONE)
