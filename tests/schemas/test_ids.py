"""Ids are the same for the same delivery, and differ for different ones."""

from typing import Any
from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import NAMESPACE, UNSAID, event_id, event_id_text, fingerprint, uuid_of, uuid_text
from tests.strategies import documents, filled, objects, times


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_uuid_of_is_version_5(parts: list[str]) -> None:
    whole = "\x1f".join(parts)
    assert uuid_of(*parts) == uuid5(NAMESPACE, whole)
    assert uuid_text(whole.encode()) == str(uuid5(NAMESPACE, whole))


@given(filled, filled, st.text(st.characters(exclude_categories=["Cs"])))
def test_an_event_id_is_the_same_as_text(tenant: str, source: str, message_id: str) -> None:
    assert event_id_text(tenant, source, message_id) == str(event_id(tenant, source, message_id))


def test_the_namespace_never_changes() -> None:
    assert str(event_id("default", "web", "m1")) == "19512acf-770b-5caa-9b46-28ab27b26916"


@given(filled, filled, filled, filled)
def test_parts_do_not_run_together(a: str, b: str, c: str, d: str) -> None:
    assert (uuid_of(a, b) == uuid_of(c, d)) == ((a, b) == (c, d)) or "\x1f" in a + b + c + d


@given(documents, times, times, objects)
def test_times_and_context_do_not_change_the_fingerprint(
    document: dict[str, Any], occurred_at: str, sent_at: str, context: dict[str, Any]
) -> None:
    again = document | {"occurred_at": occurred_at, "sent_at": sent_at, "context": context}
    assert fingerprint(again) == fingerprint(document)


@given(documents)
def test_order_and_absence_do_not_change_the_fingerprint(document: dict[str, Any]) -> None:
    reordered = dict(reversed(document.items())) | {
        "agent": document.get("agent"),
        "traits": document.get("traits", {}),
    }
    assert fingerprint(reordered) == fingerprint(document)


@given(documents, st.text(max_size=5))
def test_what_was_said_changes_the_fingerprint(document: dict[str, Any], name: str) -> None:
    other = document | {"name": document.get("name", "") + "x" + name}
    assert fingerprint(other) != fingerprint(document)
    assert len(fingerprint(other)) == 16


@given(documents)
def test_a_sealed_document_keeps_its_fingerprint(document: dict[str, Any]) -> None:
    said = {name: value for name, value in document.items() if name not in UNSAID}
    assert fingerprint(document | {"fingerprint": fingerprint(said)}) == fingerprint(said)
