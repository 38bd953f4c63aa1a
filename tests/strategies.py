"""Hypothesis strategies for what the schemas describe."""

import string
from typing import Any

from hypothesis import strategies as st

from schemas.interaction import CHANNELS, TYPES

names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
filled = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
numbers = st.floats(-1e15, 1e15) | st.integers(-(10**9), 10**9)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(texts, below, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, json_values, max_size=4)
times = (
    st.datetimes()
    .map(lambda t: t.replace(year=1970 + t.year % 130))
    .map(lambda t: t.isoformat(timespec="milliseconds") + "Z")
)
identifiers = st.fixed_dictionaries({"kind": names, "value": filled})

REQUIRED: dict[str, st.SearchStrategy[Any]] = {
    "schema": st.just(1),
    "event_id": st.uuids().map(str),
    "tenant": names,
    "source": names,
    "adapter": names,
    "channel": st.sampled_from(CHANNELS),
    "type": st.sampled_from(TYPES),
    "occurred_at": times,
    "received_at": times,
    "identifiers": st.lists(identifiers, min_size=1, max_size=4),
}
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "fingerprint": st.text("0123456789abcdef", min_size=16, max_size=16),
    "message_id": filled,
    "name": filled,
    "sent_at": times,
    "direction": st.sampled_from(["inbound", "outbound", None]),
    "traits": objects,
    "conversation": filled,
    "agent": filled,
    "text": texts,
    "amount": numbers,
    "currency": st.text(string.ascii_uppercase, min_size=3, max_size=3),
    "score": numbers,
    "score_scale": numbers,
    "duration_s": st.floats(0, 1e15),
    "properties": objects,
    "context": objects,
}
documents = st.fixed_dictionaries(REQUIRED, optional=OPTIONAL)
