"""Receipts over chDB: what is stored, a copy, rejected, or nobody's business."""

from uuid import UUID, uuid4

import orjson
import pytest

from producers.receipts import UnavailableError
from schemas.fates import Fault, Reason
from schemas.ids import event_id, profile_id
from schemas.records import Rejected
from tests.ports import free_port
from tests.sinks.conftest import Store
from tests.sinks.rows import RAW_ID, duplicate, interaction, position
from throughline.receipts import StoredReceipts

pytestmark = pytest.mark.chdb


def conflict(number: int, event: UUID) -> bytes:
    fault = Fault(Reason.ID_CONFLICT, "other content came before", "event_id")
    return Rejected(
        fault, "process", "default", "web", "segment", "web", "2026-03-01T12:00:00.000Z", b"{}", {},
        position(number), event, "m1",
    ).encode()  # fmt: skip


def test_a_stored_one_names_its_position_its_customer_and_its_copies(store: Store) -> None:
    one = event_id("default", "web", "m1")
    store.put("interactions", interaction(1), interaction(2))
    store.put("interactions_duplicates", duplicate(3, 1))
    store.put("interactions_rejected", conflict(4, one))
    told = StoredReceipts(store.url)("default", one)
    assert told is not None
    assert (told["status"], told["source"], told["channel"], told["message_id"]) == ("stored", "web", "web", "m1")
    assert told["position"] == {"topic": "interactions.web", "topic_id": str(RAW_ID), "partition": 0, "offset": 1}
    assert told["profile_id"] == str(profile_id("default", "user_id:ada"))
    [copy] = told["duplicates"]
    assert (copy["position"]["offset"], copy["duplicate_of"]["offset"]) == (3, 1)
    assert [row["reason"] for row in told["rejected"]] == ["id_conflict"]
    assert "ada" not in orjson.dumps(told).decode()


def test_a_copy_of_what_is_not_here_and_a_rejected_one_say_so(store: Store) -> None:
    copied, refused = event_id("default", "web", "m1"), uuid4()
    store.put("interactions_duplicates", duplicate(3, 1))
    store.put("interactions_rejected", conflict(4, refused))
    ask = StoredReceipts(store.url)
    told = ask("default", copied)
    assert told is not None
    assert (told["status"], told["duplicate_of"]["offset"]) == ("duplicate", 1)
    told = ask("default", refused)
    assert told is not None
    assert (told["status"], told["reason"], told["path"]) == ("rejected", "id_conflict", "event_id")


def test_other_tenants_and_unknown_ids_are_nothing(store: Store) -> None:
    store.put("interactions", interaction(1))
    ask = StoredReceipts(store.url)
    assert ask("other", event_id("default", "web", "m1")) is None
    assert ask("default", uuid4()) is None


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(UnavailableError):
        StoredReceipts(f"http://a:b@127.0.0.1:{free_port()}/x")("default", uuid4())


def test_a_store_without_the_schema_is_unavailable(empty_store: Store) -> None:
    with pytest.raises(UnavailableError):
        StoredReceipts(empty_store.url)("default", uuid4())
