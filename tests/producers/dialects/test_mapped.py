"""Nothing of a document is lost, whatever the mapping."""

import copy
import tomllib
from datetime import UTC, datetime, tzinfo
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from producers.contract import Draft
from producers.dialects.mapped import MappedConfig, draft_of
from producers.dialects.mapping import DEFAULT, Rules, rules
from schemas.fates import Fault, Reason

LEAVES = st.integers(-5, 5) | st.text("xyz", min_size=1, max_size=3)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["type", "name", "text", "email", "identifiers", "traits", "properties", "context", "score", "x"]),
    st.recursive(LEAVES, lambda below: st.lists(below) | st.dictionaries(st.sampled_from("abx"), below), max_leaves=5),
)


def mapping(text: str) -> Rules:
    return rules(tomllib.loads('identifiers.user_id = "id"\n' + text))


def made(document: object, by: Rules = DEFAULT, zone: tzinfo = UTC, whole: object = None) -> Draft:
    draft = draft_of(document, by, "web", zone, whole=whole)
    assert isinstance(draft, Draft)
    return draft


def fault(document: object, by: Rules = DEFAULT) -> Fault:
    found = draft_of(document, by, "web")
    assert isinstance(found, Fault)
    return found


def leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for below in value.values() for leaf in leaves(below)]
    if isinstance(value, list | tuple):
        return [leaf for below in value for leaf in leaves(below)]
    return [str(value).strip().lower()]


@given(DOCUMENTS)
def test_every_value_of_a_document_is_somewhere_in_its_draft(document: dict[str, Any]) -> None:
    original = copy.deepcopy(document)
    draft = draft_of(document, DEFAULT, "web")
    if isinstance(draft, Draft):
        kept = leaves([draft.name, draft.text, draft.type, draft.score, draft.identifiers])
        kept += leaves([draft.traits, draft.properties, draft.context])
        assert set(leaves(original)) <= set(kept)


def test_a_type_of_the_vendors_is_the_name() -> None:
    draft = made({"type": "invoice.paid", "email": "a@b.example"})
    assert (draft.type, draft.name, draft.properties) == ("action", "invoice.paid", {})
    draft = made({"type": "invoice.paid", "name": "Ada", "email": "a@b.example"})
    assert (draft.type, draft.name, draft.properties) == ("action", "Ada", {"type": "invoice.paid"})


def test_a_configured_type_must_be_one_of_ours() -> None:
    assert fault({"id": "u", "kind": "invoice.paid"}, mapping('type = "kind"')).path == "kind"


def test_a_name_that_is_taken_keeps_both_values() -> None:
    draft = made({"id": "u", "plan": "a", "deep": {"plan": "b"}}, mapping('properties.plan = "deep.plan"'))
    assert draft.properties == {"plan": "b"}
    assert draft.context == {"unmapped": {"plan": "a"}}


def test_a_translated_word_is_kept_as_it_came() -> None:
    by = mapping('direction = {from = "dir", values = {in = "inbound"}}')
    draft = made({"id": "u", "dir": "in"}, by)
    assert (draft.direction, draft.properties) == ("inbound", {"dir": "in"})
    assert fault({"id": "u", "dir": "sideways"}, by) == Fault(
        Reason.SCHEMA_INVALID,
        "direction: one of inbound, outbound is expected",
        "dir",
    )


def test_the_first_source_with_a_value_wins_and_the_others_stay() -> None:
    by = mapping('text = ["a", "b", "=none"]')
    assert made({"id": "u", "a": None, "b": "B"}, by).text == "B"
    assert made({"id": "u", "a": "A", "b": "B"}, by).properties == {"b": "B"}
    assert made({"id": "u", "a": ""}, by).text == "none"


def test_all_identifiers_are_taken() -> None:
    by = rules(tomllib.loads('identifiers.email = ["a", "all[*].mail"]\nidentifiers.user_id = "ids"'))
    draft = made({"a": "1@x", "all": [{"mail": "2@x"}, {"mail": None}, {"mail": "3@x"}], "ids": [7, 8]}, by)
    assert draft.identifiers == [("email", v) for v in ("1@x", "2@x", "3@x")] + [("user_id", "7"), ("user_id", "8")]


@pytest.mark.parametrize(
    "identifiers",
    [{"email": ["a@x", "b@x"]}, [{"kind": "email", "value": "a@x"}, {"kind": "email", "value": "b@x"}]],
)
def test_identifiers_may_be_an_object_or_a_list(identifiers: object) -> None:
    assert made({"identifiers": identifiers}).identifiers == [("email", "a@x"), ("email", "b@x")]


@pytest.mark.parametrize(
    ("document", "reason", "path"),
    [
        ([], Reason.SCHEMA_INVALID, ""),
        ({"identifiers": "x"}, Reason.SCHEMA_INVALID, "identifiers"),
        ({"email": {"x": 1}}, Reason.SCHEMA_INVALID, "email"),
        ({"user_id": 1.5}, Reason.SCHEMA_INVALID, "user_id"),
        ({"occurred_at": "soon"}, Reason.TIME_INVALID, "occurred_at"),
        ({"amount": "9,50"}, Reason.SCHEMA_INVALID, "amount"),
        ({"traits": []}, Reason.SCHEMA_INVALID, "traits"),
        ({"text": {}}, Reason.SCHEMA_INVALID, "text"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_path(document: object, reason: Reason, path: str) -> None:
    found = fault(document)
    assert (found.reason, found.path) == (reason, path)


def test_the_whole_delivery_can_be_read_from_an_item() -> None:
    draft = made({"id": "u"}, mapping('agent = "$.account"'), whole={"account": "acc"})
    assert draft.agent == "acc"


def test_the_zone_is_of_times_without_an_offset() -> None:
    config = MappedConfig.model_validate({"channel": "web", "timezone": "America/New_York"})
    draft = made({"occurred_at": "2026-01-01 00:00", "email": "e"}, zone=config.timezone)
    assert draft.occurred_at is not None
    assert draft.occurred_at.astimezone(UTC) == datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert MappedConfig.model_validate({"channel": "web"}).timezone is UTC
    with pytest.raises(ValidationError, match="no time zone"):
        MappedConfig.model_validate({"channel": "web", "timezone": "Mars/Base"})


@given(st.binary(max_size=200))
def test_any_json_is_a_draft_or_a_fault(body: bytes) -> None:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    assert isinstance(draft_of(document, DEFAULT, "web"), Draft | Fault)
