"""The view data_quality over rows that were really stored."""

from datetime import timedelta

import pytest

from tests.sinks.conftest import Store
from tests.sinks.rows import DAY, duplicate, interaction, rejected, stamp

pytestmark = pytest.mark.chdb


def at(seconds: float) -> str:
    return stamp(DAY + timedelta(seconds=seconds))


def test_a_source_is_described_by_the_hour(store: Store) -> None:
    store.put(
        "interactions",
        interaction(1, text="hi", occurred_at=at(0), received_at=at(2), sent_at=at(1)),
        interaction(2, occurred_at=at(10), received_at=at(12)),
        interaction(3, occurred_at=at(5), received_at=at(13), identifiers=[{"kind": "anonymous_id", "value": "x"}]),
        interaction(4, occurred_at=at(20), received_at=at(22), identifiers=[]),
        interaction(5, occurred_at=at(3601), received_at=at(3602)),
    )
    store.put("interactions_duplicates", duplicate(6, 1))
    store.put("interactions_rejected", rejected(7), rejected(8), rejected(None))
    first, second = store.ask("SELECT * FROM data_quality ORDER BY hour")
    assert (first["hour"], second["hour"]) == ("2026-03-01 12:00:00", "2026-03-01 13:00:00")
    assert (first["interactions"], second["interactions"]) == (4, 1)
    assert (first["with_identifier"], first["with_strong_identifier"]) == (0.75, 0.5)
    assert isinstance(first["fields"], dict)
    assert (first["fields"]["text"], first["fields"]["sent_at"], first["fields"]["amount"]) == (0.25, 0.25, 0)
    assert (first["duplicates"], first["rejected"], first["rejected_by_reason"]) == (1, 3, {"not_json": 3})
    assert first["rejected_share"] == 3 / 8
    assert (first["delay_median_s"], first["clock_skew_median_s"]) == (2, 1)
    assert first["out_of_order"] == 0.25, "the third happened before the second and came after it"
    assert second["clock_skew_median_s"] is None


def test_a_field_is_new_in_the_hour_in_which_it_was_first_sent(store: Store) -> None:
    store.put(
        "interactions",
        interaction(1, traits={"plan": "pro"}, properties={"total": 1, "a.b": {"c": 1}}),
        interaction(2, received_at=at(3600), traits={"plan": "pro"}, properties={"total": 2, "coupon": "x"}),
    )
    for _ in range(2):  # what is read again changes nothing
        store.client.command("SYSTEM REFRESH VIEW interactions_to_fields_seen")
        store.client.command("SYSTEM WAIT VIEW interactions_to_fields_seen")
    rows = store.ask("SELECT arraySort(new_fields) AS fields FROM data_quality ORDER BY hour")
    assert [row["fields"] for row in rows] == [
        ["properties.a%2Eb.c", "properties.total", "traits.plan"],
        ["properties.coupon"],
    ]


def test_an_hour_that_is_not_asked_for_is_not_counted(store: Store) -> None:
    store.put("interactions", interaction(1))
    plan = store.client.query("EXPLAIN SELECT * FROM data_quality WHERE hour >= now() - INTERVAL 1 DAY")
    text = "\n".join(str(row[0]) for row in plan.rows)
    window, read = text.index("Window"), text.index("ReadFromMergeTree")
    assert ">= " in text[window:read] or "Prewhere" in text[read:], text
