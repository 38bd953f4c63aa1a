from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.segment.faults import CALLS, Call, fault_in
from schemas.fates import Reason
from tests.strategies import json_values

SOUND: dict[str, Any] = {"userId": "u1", "event": "Song Played", "timestamp": "2026-01-31T12:00:00Z"}
INVALID, MISSING, TIME = Reason.SCHEMA_INVALID, Reason.IDENTIFIER_MISSING, Reason.TIME_INVALID


@pytest.mark.parametrize(
    ("spoiled", "reason", "path"),
    [
        ({"userId": None}, MISSING, "userId"),
        ({"userId": "  "}, MISSING, "userId"),
        ({"userId": ["u1"]}, INVALID, "userId"),
        ({"userId": True}, INVALID, "userId"),
        ({"userId": "u" * 513}, INVALID, "userId"),
        ({"anonymousId": {}}, INVALID, "anonymousId"),
        ({"event": None}, INVALID, "event"),
        ({"event": ""}, INVALID, "event"),
        ({"event": 404}, INVALID, "event"),
        ({"event": "e" * 1025}, INVALID, "event"),
        ({"messageId": 7}, INVALID, "messageId"),
        ({"messageId": "m" * 1025}, INVALID, "messageId"),
        ({"properties": "none"}, INVALID, "properties"),
        ({"traits": [1]}, INVALID, "traits"),
        ({"context": 7}, INVALID, "context"),
        ({"integrations": True}, INVALID, "integrations"),
        ({"timestamp": "yesterday"}, TIME, "timestamp"),
        ({"timestamp": "2100-01-01T00:00:00Z"}, TIME, "timestamp"),
        ({"timestamp": None, "originalTimestamp": []}, TIME, "originalTimestamp"),
    ],
)
def test_each_fault_is_named_with_its_place(spoiled: dict[str, Any], reason: Reason, path: str) -> None:
    fault = fault_in(SOUND | spoiled, "track")
    assert fault is not None
    assert (fault.reason, fault.path) == (reason, path)
    assert fault.detail


@pytest.mark.parametrize(
    "other",
    [
        {"userId": None, "anonymousId": 123},
        {"userId": "", "anonymousId": "a1"},
        {"properties": [], "traits": [], "context": [], "integrations": []},  # PHP's empty objects
        {"properties": None, "messageId": None, "timestamp": None},
        {"messageId": ""},
        {"sentAt": "never"},
        {"name": 7},
    ],
)
def test_what_can_be_understood_is_no_fault(other: dict[str, Any]) -> None:
    assert fault_in(SOUND | other, "track") is None


@given(
    st.dictionaries(
        st.sampled_from(["userId", "anonymousId", "event", "name", "messageId", "timestamp", "context", "traits"]),
        json_values,
    ),
    st.sampled_from(list(CALLS.values())),
)
def test_no_message_raises(message: dict[str, Any], call: Call) -> None:
    fault_in(message, call)
