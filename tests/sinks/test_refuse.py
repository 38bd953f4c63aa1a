"""What a refused record says, whatever its bytes."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import WHOLE, Position, Rejected
from sinks.errors import FatalError
from sinks.refuse import raw_of, rejected_of
from tests.sinks.rows import duplicate, interaction, position, rejected

OWN = Position("timeline.events", UUID(int=5), 2, 77)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_record_of_the_timeline_gives_back_the_raw_record_and_its_position() -> None:
    raw = raw_of(interaction(3, user='quo"te'), OWN)
    assert raw.position == position(3)
    assert orjson.loads(raw.body)["event_id"]
    assert "subject" not in orjson.loads(raw.body)
    assert raw.body.startswith(b'{"schema":1,')


def test_what_it_says_of_itself_is_kept() -> None:
    made = rejected_of(interaction(3), OWN, "why", NOW)
    assert (made.tenant, made.source, made.adapter, made.channel) == ("default", "web", "segment", "web")
    assert (made.position, made.message_id, made.received_at) == (position(3), "m3", "2026-03-01T12:00:04.000Z")
    assert made.fault.detail == "why"


def test_a_copy_keeps_the_position_of_the_copy() -> None:
    assert rejected_of(duplicate(9, 3), OWN, "why", NOW).position == position(9)


@pytest.mark.parametrize(
    "value", [b"", b"junk", b"[]", b"null", b'{"raw_offset":1}', b"\xff\xfe", b'{"received_at":"\\u0661"}']
)
def test_what_cannot_be_read_keeps_its_own_position(value: bytes) -> None:
    made = rejected_of(value, OWN, "why", NOW)
    assert (made.position, made.body, made.received_at) == (OWN, value, "2026-03-01T00:00:00.000Z")


def test_a_refused_record_of_others_is_wrapped_and_our_own_stops_us() -> None:
    wrapped = rejected_of(rejected(4), OWN, "why", NOW)
    assert (wrapped.stage, wrapped.position) == ("sink", position(4))
    with pytest.raises(FatalError, match="migrate"):
        rejected_of(wrapped.encode(), OWN, "why", NOW)


def test_the_same_record_has_the_same_id_whatever_was_said_about_it() -> None:
    first, second = (rejected_of(interaction(1), OWN, why, NOW) for why in ("a", "b"))
    assert first.rejected_id == second.rejected_id


def test_a_giant_is_cut_and_says_so() -> None:
    made = rejected_of(b"\x00" * (WHOLE + 5), OWN, "why", NOW)
    assert len(made.body) == WHOLE
    assert "are kept" in made.fault.detail
    assert len(made.encode()) < 8 << 20


def test_a_topic_id_that_is_none_names_no_position() -> None:
    forged = interaction(1).replace(b'"raw_topic_id":"', b'"raw_topic_id":"' + b"-" * 36 + b'","x":"')
    made = rejected_of(forged, OWN, "why", NOW)
    assert (made.position, made.body) == (OWN, forged)


def test_names_without_end_are_not_kept_beside_the_body() -> None:
    names = dict.fromkeys(("tenant", "source", "adapter", "channel", "message_id", "raw_topic"), "n" * (1 << 20))
    spliced = interaction(1).replace(b'"raw_topic":"', b'"raw_topic":"' + b"n" * (1 << 20))
    assert rejected_of(spliced, OWN, "why", NOW).position == OWN
    made = rejected_of(orjson.dumps(names), OWN, "why", NOW)
    assert (made.tenant, made.source, made.channel, made.message_id) == ("", "", "", None)
    assert made.position == OWN
    assert len(made.encode()) < 8 << 20


@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda junk: interaction(1)[: 20 + len(junk)] + junk))
def test_any_bytes_make_a_record(value: bytes) -> None:
    made = rejected_of(value, OWN, "why", NOW)
    assert isinstance(made, Rejected)
    assert orjson.loads(made.encode())["reason"] == "store_refused"
