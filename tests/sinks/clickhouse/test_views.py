"""What analysts see, over chDB: every interaction once, and one customer at a time."""

from uuid import uuid4

import pytest

from schemas.ids import profile_id
from tests.sinks.conftest import Store
from tests.sinks.rows import RAW_ID, duplicate, interaction, rejected

pytestmark = pytest.mark.chdb


def put(store: Store, *rows: bytes, table: str = "interactions") -> None:
    assert store.client.insert_ready(table, b"\n".join(rows), uuid4().hex) is None


FULL = interaction(
    5,
    sent_at="2026-03-01T12:00:00.000Z",
    occurred_at="2026-03-01T11:59:50.000Z",
    received_at="2026-03-01T12:00:02.500Z",
    identifiers=[{"kind": "user_id", "value": "ada"}, {"kind": "email", "value": "ada@example.com"}],
    traits={"plan": "pro", "since": "2020-01-31"},
    properties={"total": 9.5, "a.b": 1, "a": {"b": 2}, "at": "2026-03-01T11:59:50.000Z", "many": [1, "x", {"y": []}]},
    context={"page": {"url": "https://x"}, "n": None},
    amount=0.1,
    currency="EUR",
    duration_s=3,
    direction="inbound",
    text="caf\u00e9",
)


def test_a_row_is_what_was_sent(store: Store) -> None:
    put(store, FULL)
    [row] = store.ask("SELECT * FROM timeline SETTINGS json_type_escape_dots_in_keys = 1")
    assert row["profile_id"] == str(profile_id("default", "user_id:ada"))
    assert row["subject"] == "user_id:ada"
    assert row["identifiers"] == ["user_id:ada", "email:ada@example.com"]
    assert row["traits"] == {"plan": "pro", "since": "2020-01-31"}
    assert row["properties"] == {
        "total": 9.5, "a.b": 1, "a": {"b": 2}, "at": "2026-03-01T11:59:50.000Z", "many": [1, "x", {"y": []}]
    }  # fmt: skip
    assert row["context"] == {"page": {"url": "https://x"}}  # JSON columns hold no nulls
    assert (row["amount"], row["currency"], row["score"], row["duration_s"]) == (0.1, "EUR", None, 3)
    assert (row["text"], row["direction"], row["conversation"]) == ("caf\u00e9", "inbound", "")
    assert (row["raw_topic"], row["raw_topic_id"], row["raw_offset"]) == ("interactions.web", str(RAW_ID), 5)


def test_a_clock_that_is_wrong_is_corrected_beside_the_time_as_it_was_sent(store: Store) -> None:
    put(store, FULL, interaction(6))
    rows = store.ask("SELECT occurred_at, corrected_at, clock_skew_ms FROM timeline ORDER BY raw_offset")
    assert rows[0] == {
        "occurred_at": "2026-03-01 11:59:50.000", "corrected_at": "2026-03-01 11:59:52.500", "clock_skew_ms": 2500
    }  # fmt: skip
    assert rows[1]["corrected_at"] == rows[1]["occurred_at"]
    assert rows[1]["clock_skew_ms"] is None


def test_of_copies_the_first_that_was_stored_stays(store: Store) -> None:
    copy = FULL.replace(b'"raw_offset":5', b'"raw_offset":9')
    put(store, FULL)
    put(store, copy)
    assert store.one("SELECT groupArray(raw_offset) FROM timeline") == [5]
    store.client.command("OPTIMIZE TABLE interactions FINAL")
    assert store.one("SELECT groupArray(raw_offset) FROM interactions") == [5]
    assert store.one("SELECT arraySort(groupArray(raw_offset)) FROM fates WHERE fate = 'stored'") == [5, 9]


def test_a_customer_is_read_by_the_primary_key(store: Store) -> None:
    put(store, *(interaction(n, user=f"u{n}") for n in range(5000)))
    store.client.command("OPTIMIZE TABLE interactions FINAL")
    plan = store.client.text(
        "EXPLAIN indexes = 1 SELECT * FROM customer_timeline(tenant = 'default', identifier = 'user_id:u7')", "TSVRaw"
    ).decode()
    assert "Granules: 1/5" in plan


def test_rejected_and_duplicates_are_there_once(store: Store) -> None:
    for _ in range(2):
        put(store, rejected(3), rejected(None, b"a"), rejected(None, b"b"), table="interactions_rejected")
        put(store, duplicate(9, 1), duplicate(10, 1), table="interactions_duplicates")
    assert store.one("SELECT count() FROM rejected") == 3
    assert store.one("SELECT count() FROM rejected WHERE raw_offset = -1") == 2
    assert store.ask("SELECT raw_offset, first_offset, first_topic FROM duplicates ORDER BY raw_offset") == [
        {"raw_offset": 9, "first_offset": 1, "first_topic": "interactions.web"},
        {"raw_offset": 10, "first_offset": 1, "first_topic": "interactions.web"},
    ]
    assert store.ask("SELECT raw_offset, fate FROM fates ORDER BY raw_offset") == [
        {"raw_offset": 3, "fate": "rejected"},
        {"raw_offset": 9, "fate": "duplicate"},
        {"raw_offset": 10, "fate": "duplicate"},
    ]


def test_freshness_is_the_newest_of_each_source(store: Store) -> None:
    put(store, interaction(1), interaction(50))
    put(store, interaction(20, source="shop", channel="store"))
    rows = store.ask("SELECT * EXCEPT last_stored_at, seconds_behind > 0 AS late FROM freshness ORDER BY source")
    assert [(row["channel"], row["source"], row["last_received_at"], row["late"]) for row in rows] == [
        ("store", "shop", "2026-03-01 12:00:21.000", 1),
        ("web", "web", "2026-03-01 12:00:51.000", 1),
    ]


def test_freshness_knows_sources_that_have_been_silent_for_long(store: Store) -> None:
    """What was collected counts without its rows; what came since counts before it is collected."""
    put(store, interaction(1, source="silent", stored_at="2026-03-01T12:00:05Z"), interaction(2))
    store.client.command("SYSTEM REFRESH VIEW interactions_to_source_freshness")
    store.client.command("SYSTEM WAIT VIEW interactions_to_source_freshness")
    store.client.command("TRUNCATE TABLE interactions")
    put(store, interaction(50))
    assert store.ask("SELECT source, last_received_at FROM freshness ORDER BY source") == [
        {"source": "silent", "last_received_at": "2026-03-01 12:00:02.000"},
        {"source": "web", "last_received_at": "2026-03-01 12:00:51.000"},
    ]


def test_open_objects_hold_any_keys(store: Store) -> None:
    odd = {"": 1, "$ip": 2, "with space": 3, "caf\u00e9": 4, "a`b": 5, "n": 2**63, "m": -(2**63), "\u0000": "\u0000"}
    put(store, interaction(1, properties=odd, traits={"": {"": []}}))
    [row] = store.ask("SELECT properties, traits FROM timeline SETTINGS output_format_json_quote_64bit_integers = 0")
    assert row == {"properties": odd, "traits": {"": {"": []}}}
