import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.segment.fields import (
    amount_of,
    currency_of,
    email_of,
    external_ids,
    handle_of,
    id_of,
    kind_of,
    phone_of,
    time_of,
)
from schemas.interaction import NAME
from tests.strategies import json_values

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "time"),
    [
        ("2026-01-31T12:00:00Z", NOON),
        ("2026-01-31T12:00:00.000Z", NOON),
        ("2026-01-31T12:00:00.000000+00:00", NOON),
        ("2026-01-31T13:30:00+01:30", NOON),
        ("2026-01-31T07:00:00.123-0500", NOON + timedelta(milliseconds=123)),
        ("2026-01-31T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2026-01-31T12:00:00", NOON),
        ("2026-01-31 12:00:00", NOON),
        ("2026-01-31", NOON.replace(hour=0)),
        ("2015-2-02T00:30:08.276Z", datetime(2015, 2, 2, 0, 30, 8, 276000, tzinfo=UTC)),
        (1769860800000, NOON),
        (1769860800, NOON),
        (1769860800.5, NOON + timedelta(milliseconds=500)),
    ],
)
def test_times_of_every_sender_are_read(sent: object, time: datetime) -> None:
    assert time_of(sent) == time


@pytest.mark.parametrize(
    "sent",
    [
        *(None, True, "", "yesterday", "2026-13-01T00:00:00Z", "2015-2-30T00:00:00Z", [], {}),
        *("1969-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
        *(-1, 1e300, 2**63, float("inf"), float("nan")),
    ],
)
def test_what_is_no_time_is_none(sent: object) -> None:
    assert time_of(sent) is None


@given(
    st.integers(86400, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_a_time_is_the_same_instant_in_every_zone(moment: datetime, zone: timezone) -> None:
    assert time_of(moment.astimezone(zone).isoformat()) == moment


@given(json_values | st.text() | st.floats())
def test_no_value_raises(value: object) -> None:
    time_of(value)
    id_of(value)
    handle_of(value)
    amount_of(value)
    currency_of(value)
    external_ids([{"id": value, "type": value}, value])


@pytest.mark.parametrize(
    ("sent", "text"),
    [("u1", "u1"), (" u1 ", "u1"), (123, "123"), (123.0, "123"), (-1, "-1"), (None, ""), ("", ""), ("  ", "")],
)
def test_ids_are_text_as_segment_takes_them(sent: object, text: str) -> None:
    assert id_of(sent) == text


@pytest.mark.parametrize("sent", [True, 1.5, 2.0**53, 1e22, [], {}, ["u1"]])
def test_what_could_name_two_customers_is_no_id(sent: object) -> None:
    assert id_of(sent) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email", "email"),
        ("shopify_id", "shopify_id"),
        ("ios.idfa", "device_id"),
        ("android.id", "device_id"),
        ("AAID", "device_id"),
        ("emailSha256Hash", "email_sha256_hash"),
        ("userId", "user_id"),
        ("360 view", "id_360_view"),
        ("  CRM / id ", "crm_id"),
        ("日本", ""),
        ("42", ""),
        ("", ""),
    ],
)
def test_types_of_external_ids_become_kinds(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@given(st.text(max_size=64))
def test_a_kind_is_empty_or_a_name(name: str) -> None:
    kind = kind_of(name)
    assert kind == "" or re.fullmatch(NAME, kind)


def test_external_ids_of_customers_alone_are_identifiers() -> None:
    sent: list[object] = [
        {"id": "7", "type": "shopify_id", "collection": "users", "encoding": "none"},
        {"id": 8, "type": "crm_id"},
        {"id": "acme", "type": "crm_id", "collection": "accounts", "encoding": "none"},
        {"id": "x", "type": "crm_id", "collection": "users", "encoding": "sha256"},
        {"id": "", "type": "crm_id"},
        {"id": "x"},
        {"id": "x" * 513, "type": "crm_id"},
        "crm_id",
    ]
    assert external_ids(sent) == [("shopify_id", "7"), ("crm_id", "8")]
    assert external_ids({"crm_id": "7"}) == []


def test_traits_serve_as_identifiers_only_where_they_can_be_ones() -> None:
    assert [email_of(value) for value in (" A@b.co", "n/a", None, 7, "@" * 513)] == ["A@b.co", "", "", "", ""]
    assert [phone_of(value) for value in ("+1 415", 14155550123, "none", None)] == ["+1 415", "14155550123", "", ""]


def test_money_is_read_with_care() -> None:
    assert [amount_of(value) for value in (19.99, "19.99", 3, -2, "free", True, None, 1e16, "nan", 10**400)] == [
        *(19.99, 19.99, 3.0, -2.0),
        *(None, None, None, None, None, None),
    ]
    assert [currency_of(value) for value in ("USD", "eur", "US$", "EURO", 840)] == ["USD", "EUR", None, None, None]
