"""Records may be joined unparsed: no two of them, however broken, read as one row."""

from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import Topics
from sinks.tables import Target, targets
from tests.sinks.identity import change, link, mapped, profile
from tests.sinks.rows import duplicate, interaction, rejected

TARGETS = targets(Topics("x."))


def test_each_stored_topic_has_a_table() -> None:
    assert set(TARGETS) == set(Topics("x.").stored)


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        ("x.timeline.events", interaction(1)),
        ("x.interactions.duplicates", duplicate(2, 1)),
        ("x.interactions.rejected", rejected(1)),
        ("x.identity.evidence", link("user_id:ada", "email:a@x.de", 1)),
        ("x.identity.map", mapped("user_id:ada", 1)),
        ("x.identity.changes", change(1, "linked", ["user_id:ada"], [])),
        ("x.customer.profiles", profile(UUID(int=1), 1)),
    ],
)
def test_what_our_parts_write_may_be_joined(topic: str, value: bytes) -> None:
    assert TARGETS[topic].is_row(value)


def test_what_the_timeline_is_made_of_goes_first() -> None:
    assert {topic for topic, target in TARGETS.items() if not target.is_patient} == {
        "x.timeline.events",
        "x.identity.map",
    }


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b"junk", interaction(1)[:-1], b" " + interaction(1)])
def test_anything_else_may_not(value: bytes) -> None:
    assert not TARGETS["x.timeline.events"].is_row(value)


@given(
    st.sampled_from(list(TARGETS.values())),
    st.lists(st.sampled_from([b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"a", b"1"]), max_size=12).map(b"".join),
)
def test_a_broken_record_never_eats_its_neighbour(target: Target, junk: bytes) -> None:
    broken = target.prefix + junk + b"}"
    sound = target.prefix + b'x"}'
    try:
        orjson.loads(broken)
    except orjson.JSONDecodeError:
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(broken + sound)
