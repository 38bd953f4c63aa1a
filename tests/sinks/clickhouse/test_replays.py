"""What rejected records became when they were sent again, told by the rows that name them."""

from dataclasses import replace
from uuid import UUID

import orjson
import pytest

from schemas.fates import Fault, Reason
from schemas.ids import event_id
from schemas.records import BEFORE_KAFKA, Duplicate, Rejected
from tests.sinks.conftest import Store
from tests.sinks.rows import DAY as NOON
from tests.sinks.rows import interaction, position, stamp

pytestmark = pytest.mark.chdb

ONE = Rejected(
    Fault(Reason.NOT_JSON, "no"), "intake", "default", "web", "segment", "web", stamp(NOON), b"x", {}, BEFORE_KAFKA
)


def fates(store: Store) -> dict[UUID, str]:
    return {row[0]: row[1] for row in store.client.query("SELECT rejected_id, replayed_as FROM rejected").rows}


def test_the_same_bytes_that_come_again_are_one_row_that_was_seen_twice(store: Store) -> None:
    times = [stamp(NOON.replace(hour=hour)) for hour in (12, 9, 15)]
    for time in times:
        store.put("interactions_rejected", replace(ONE, received_at=time).encode())
    [row] = store.client.query("SELECT rejected_id, toString(first_seen), toString(last_seen) FROM rejected").rows
    assert row == (ONE.rejected_id, "2026-03-01 09:00:00.000", "2026-03-01 15:00:00.000")


def test_a_row_from_before_the_table_of_times_was_seen_when_it_was_received(store: Store) -> None:
    store.put("interactions_rejected", ONE.encode())
    store.client.command("TRUNCATE TABLE interactions_rejected_seen")
    assert store.one("SELECT first_seen = received_at AND last_seen = received_at FROM rejected") == 1


def test_what_a_record_became_is_told_by_what_names_it(store: Store) -> None:
    kept = [replace(ONE, body=bytes([number])) for number in b"abcde"]
    stored, copied, again, never, tried = (one.rejected_id for one in kept)
    store.put("interactions_rejected", *(one.encode() for one in kept))
    store.put("interactions", interaction(1, replay_of=str(stored)), interaction(2, replay_of=str(tried)))
    body = orjson.dumps({"replay_of": str(copied), "context": {}})
    for first, copy in ((1, 8), (2, 9)):
        store.put(
        "interactions_duplicates",
            Duplicate(
                "default", "web", "web", event_id("default", "web", f"m{first}"), None, stamp(NOON),
                position(copy), position(first), body if copy == 9 else b'{"properties":{"replay_of":"x"}}',
            ).encode(),
        )  # fmt: skip
    second = [replace(ONE, body=b"new", replay_of=one) for one in (again, tried)]
    store.put("interactions_rejected", second[0].encode(), replace(second[1], body=b"newer").encode())
    assert {one: fate for one, fate in fates(store).items() if fate} == {
        stored: "stored", copied: "duplicate", again: "rejected", tried: "stored"
    }  # fmt: skip
    assert fates(store)[never] == ""
    assert store.one("SELECT replay_of FROM timeline WHERE message_id = 'm1'") == stored
    links = "SELECT replay_of FROM customer_timeline(tenant = 'default', identifier = 'user_id:ada') ORDER BY 1"
    assert {row[0] for row in store.client.query(links).rows} == {stored, tried}


def test_a_replay_is_told_although_its_row_is_a_copy_that_has_collapsed(store: Store) -> None:
    store.put("interactions_rejected", ONE.encode())
    store.put("interactions", interaction(1))
    store.put("interactions", interaction(1, replay_of=str(ONE.rejected_id), raw_offset=9))
    store.client.command("OPTIMIZE TABLE interactions FINAL")
    assert store.one("SELECT count() FROM interactions WHERE replay_of IS NOT NULL") == 0
    assert fates(store) == {ONE.rejected_id: "stored"}


def test_replays_from_before_fates_told_them_count(store: Store) -> None:
    store.put("interactions_rejected", ONE.encode())
    row = {"rejected_id": str(ONE.rejected_id), "fate": "stored", "at": stamp(NOON)}
    store.put("interactions_replays", orjson.dumps(row))
    assert fates(store) == {ONE.rejected_id: "stored"}
