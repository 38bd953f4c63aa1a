"""Facts have the same ids and bytes for the same content, and strangers' bytes are refused with a word."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Evidence, command_fact_id, decode, link_id, shard_of

identifiers = st.builds("{}:{}".format, st.sampled_from(["email", "phone"]), st.text(min_size=1, max_size=8))
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@given(identifiers, identifiers)
def test_a_link_is_its_unordered_pair(one: str, other: str) -> None:
    assert link_id("t", one, other) == link_id("t", other, one)
    assert link_id("t", one, other) != link_id("u", one, other)


@given(st.lists(identifiers, min_size=1, max_size=3), st.lists(identifiers, min_size=1, max_size=3))
def test_the_sides_of_a_command_have_no_order(left: list[str], right: list[str]) -> None:
    one = command_fact_id("t", "keep_apart", 5, left=left, right=right)
    assert one == command_fact_id("t", "keep_apart", 5, left=right[::-1], right=left[::-1])
    assert one != command_fact_id("t", "keep_apart", 6, left=left, right=right)


@given(identifiers, identifiers)
def test_a_fact_survives_its_bytes(one: str, other: str) -> None:
    fact = Evidence("default", link_id("default", one, other), "link", NOON, (one,), (other,), UUID(int=7), "web")
    value = fact.encode()
    assert value.startswith(b'{"tenant":"')
    found = decode(value)
    assert isinstance(found, Evidence)
    assert found.encode() == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"\xff", "JSON"),
        (b"{}", "tenant"),
        (b'{"tenant":"t","fact_id":"%b","fact":"link","at":"2026-01-31T12:00:00Z","left":["a:b"]}', "both sides"),
        (b'{"tenant":"t","fact_id":"%b","fact":"block","at":"2026-01-31T12:00:00","left":["a:b"]}', "no zone"),
        (b'{"tenant":"t","fact_id":"%b","fact":"block","at":"2026-01-31T12:00:00Z","left":["ab"]}', "kind:value"),
        (b'{"tenant":"t","fact_id":"%b","fact":"retract","at":"2026-01-31T12:00:00Z","left":["a:b"]}', "no target"),
        (b'{"tenant":"t","fact_id":"%b","fact":"wish","at":"2026-01-31T12:00:00Z"}', "wish"),
    ],
)
def test_what_is_no_fact_is_refused_with_a_word(value: bytes, said: str) -> None:
    found = decode(value.replace(b"%b", str(UUID(int=1)).encode()))
    assert isinstance(found, str)
    assert said in found


@given(st.text(max_size=20), st.integers(1, 64))
def test_a_tenant_has_one_shard(tenant: str, partitions: int) -> None:
    assert shard_of(tenant, partitions) == shard_of(tenant, partitions) < partitions
