"""Rejected and duplicate records hold everything, byte for byte, and say the same on every replay."""

from base64 import b64decode
from dataclasses import replace
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from schemas.fates import Fault, Reason
from schemas.records import BEFORE_KAFKA, MOST, Duplicate, Position, Rejected

TOPIC = UUID(int=7)


def rejected(body: bytes, position: Position = BEFORE_KAFKA) -> Rejected:
    fault = Fault(Reason.SCHEMA_INVALID, "Field required", "identifiers[0].value")
    return Rejected(
        fault, "intake", "t", "web", "segment", "web", "2026-01-01T00:00:00.000Z", body, {"a": "b"}, position
    )


@given(st.binary())
def test_the_original_bytes_come_back(body: bytes) -> None:
    record = orjson.loads(rejected(body).encode())
    back = record["body"].encode() if record["body_encoding"] == "utf8" else b64decode(record["body"])
    assert back == body


@given(st.sampled_from([b"a", b"\0", b'"', "ж".encode(), b"\xff"]), st.integers(1, 200_000))
def test_no_body_takes_much_more_room_than_it_has(character: bytes, count: int) -> None:
    body = character * count
    record = rejected(body).encode()
    assert len(record) < len(body) * 4 / 3 + (6 << 16)
    back = orjson.loads(record)
    assert (back["body"].encode() if back["body_encoding"] == "utf8" else b64decode(back["body"])) == body


@given(st.binary(), st.integers(0, 9), st.integers(0, 9))
def test_the_id_is_that_of_the_bytes_at_their_place(body: bytes, a: int, b: int) -> None:
    one, other = Position("t", TOPIC, 0, a), Position("t", TOPIC, 0, b)
    assert (rejected(body, one).rejected_id == rejected(body, other).rejected_id) == (a == b)
    assert rejected(body).rejected_id == rejected(body).rejected_id
    assert rejected(body).rejected_id != rejected(body + b"x").rejected_id


def test_of_an_endless_path_and_detail_the_beginning_is_kept_and_it_is_the_same_record_afterwards() -> None:
    one = replace(rejected(b"x"), fault=Fault(Reason.SCHEMA_INVALID, "d" * 5000, "p" * 5000))
    record = orjson.loads(one.encode())
    assert (record["detail"], record["path"]) == ("d" * MOST, "p" * MOST)
    kept = replace(one, fault=Fault(Reason.SCHEMA_INVALID, record["detail"], record["path"]))
    assert str(kept.rejected_id) == record["rejected_id"]


def test_a_duplicate_names_both_positions() -> None:
    position, first = Position("interactions.web", TOPIC, 1, 9), Position("interactions.web", UUID(int=6), 1, 4)
    duplicate = Duplicate("t", "web", "web", UUID(int=1), None, "2026-01-01T00:00:00.000Z", position, first, b"{}")
    record = orjson.loads(duplicate.encode())
    assert (record["raw_topic_id"], record["raw_partition"], record["raw_offset"]) == (str(TOPIC), 1, 9)
    assert (record["first_topic_id"], record["first_offset"]) == (str(UUID(int=6)), 4)
    assert record["body"] == "{}"
