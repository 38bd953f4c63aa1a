"""The fast check gives the model's verdict on everything, and says where the fault is."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.check import check, check_all
from schemas.fates import Fault, Reason
from schemas.ids import fingerprint
from schemas.interaction import Interaction
from tests.strategies import OPTIONAL, REQUIRED, documents, json_values

GOOD: dict[str, Any] = {
    "schema": 1,
    "event_id": "0a4f2a3e-8f3f-5f1e-9b1a-1f2f3f4f5f6f",
    "tenant": "default",
    "source": "web",
    "adapter": "segment",
    "channel": "web",
    "type": "action",
    "occurred_at": "2026-01-31T12:00:00.000Z",
    "received_at": "2026-01-31T12:00:01.000Z",
    "identifiers": [{"kind": "user_id", "value": "u1"}],
}
TIMES = [
    "2026-11-22T10:00:00Z", "2026-11-22t10:00:00z", "2026-11-22 10:00:00.123456789Z", "2026-11-22T10:00:00+00:00",
    "2026-11-22T10:00:00-0000", "2026-11-22T10:00:00+02:00", "2026-11-22T10:00:60Z", "2026-11-22T24:00:00Z",
    "2026-11-22T10:00Z", "2026-02-30T10:00:00Z", "1969-12-31T23:59:59Z", "2099-12-31T23:59:59.999Z",
    "2100-01-01T00:00:00Z", "2099-12-31T23:59:59.9999999Z", "2026-11-22T10:00:00.12345678901234567890Z",
    "2026-11-22T10:00:00", "0000-01-01T00:00:00Z", "2026-11-22T10:00:00.Z", "٢٠٢٦-11-22T10:00:00Z",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 1.0, 2, 1e15, 1.0000001e15, -0.0, 10**20, "", "x", "1", "x" * 64, "x" * 65, "x" * 512,
    "x" * 513, "x" * 1024, "x" * 1025, "EUR", "é", "web", "inbound", [], {}, [1], {"a": 1}, {"kind": "x", "value": "y"},
    [{"kind": "x", "value": "y"}], [{"kind": "X", "value": "y"}], [{"kind": "x", "value": ""}],
    [{"kind": "x", "value": "y"}] * 64, [{"kind": "x", "value": "y"}] * 65, [{"kind": "x", "value": "y", "z": 1}],
    [{"kind": "x"}], "Default", "a\n", "a-b", "{0a4f2a3e-8f3f-5f1e-9b1a-1f2f3f4f5f6f}",
    "0A4F2A3E8F3F5F1E9B1A1F2F3F4F5F6F",
    "urn:uuid:0a4f2a3e-8f3f-5f1e-9b1a-1f2f3f4f5f6f", "0123456789ABCDEF", "0123456789abcde\n", "g" * 16, *TIMES,
]  # fmt: skip


def model_accepts(value: bytes) -> bool:
    try:
        orjson.loads(value)  # pydantic's own parser takes NaN, which is not JSON
        Interaction.model_validate_json(value)
    except (ValidationError, orjson.JSONDecodeError):
        return False
    return True


def fast_accepts(value: bytes) -> bool:
    return not isinstance(check(value), Fault)


@pytest.mark.parametrize("member", [*REQUIRED, *OPTIONAL])
def test_every_member_with_every_odd_value(member: str) -> None:
    for odd in VALUES:
        value = json.dumps(GOOD | {member: odd}).encode()
        assert fast_accepts(value) == model_accepts(value), (member, odd)
    value = orjson.dumps({name: v for name, v in GOOD.items() if name != member})
    assert fast_accepts(value) == model_accepts(value)


@given(documents)
def test_every_document_of_the_schema_passes_both(document: dict[str, Any]) -> None:
    value = orjson.dumps(document)
    assert model_accepts(value)
    checked = check(value)
    assert not isinstance(checked, Fault)
    assert str(checked.event_id) == document["event_id"]


@given(documents, st.sampled_from([*REQUIRED, *OPTIONAL, "stranger"]), json_values)
def test_the_verdicts_agree_when_a_member_is_anything(document: dict[str, Any], member: str, anything: object) -> None:
    value = orjson.dumps(document | {member: anything})
    assert fast_accepts(value) == model_accepts(value)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
@example(b"")
@example(b"[]")
@example(b"null")
@example(b"\xff")
@example(b'{"schema":1')
@example(b'{"a":' * 5000 + b"1" + b"}" * 5000)
def test_no_bytes_raise(value: bytes) -> None:
    assert isinstance(check(value), Fault)


@pytest.mark.parametrize(
    "tail",
    [b',"text":"\xff"}', b',"properties":{"a":"\xff"}}', b',"properties":{"a":"\\ud800"}}', b',"amount":1e400}',
     b',"properties":{"a":NaN}}', b',"properties":[1]}', b',"properties": null}', b',"properties": {"a":1}}',
     b',"properties":' + b'{"a":' * 5000 + b"1" + b"}" * 5001],
)  # fmt: skip
def test_the_verdicts_agree_on_odd_bytes(tail: bytes) -> None:
    value = orjson.dumps(GOOD)[:-1] + tail
    assert fast_accepts(value) == model_accepts(value)


@pytest.mark.parametrize(
    "opened",
    [b'{"a":1e999}', b'{"a":-1e400}', b'{"a":' + b"9" * 400 + b"}", b'{"a":' * 300 + b"1" + b"}" * 300,
     b'{"a":' + b"[" * 300 + b"]" * 300 + b"}"],
)  # fmt: skip
@pytest.mark.parametrize("member", [b"properties", b"traits", b"context"])
def test_what_passes_without_a_fingerprint_can_be_given_one(member: bytes, opened: bytes) -> None:
    value = orjson.dumps(GOOD)[:-1] + b',"' + member + b'":' + opened + b"}"
    _, good = check_all([value, orjson.dumps(GOOD)])
    verdict = check(value)
    assert not isinstance(good, Fault)
    if not isinstance(verdict, Fault):
        fingerprint(orjson.loads(value))


@given(st.lists(documents.map(orjson.dumps) | st.binary(max_size=20), max_size=6))
def test_a_run_gets_the_verdicts_of_its_members(values: list[bytes]) -> None:
    assert check_all(values) == [verdict for value in values for verdict in check_all([value])]


def test_a_character_cut_in_two_is_not_healed_by_its_neighbour() -> None:
    first = orjson.dumps(GOOD)[:-1] + b',"properties":{"a":"\xc3"}}'
    assert isinstance(check_all([first, b"\xa9" + first])[0], Fault)


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        ({"identifiers": []}, Reason.IDENTIFIER_MISSING, "identifiers"),
        ({"identifiers": [{"kind": "x"}]}, Reason.SCHEMA_INVALID, "identifiers[0].value"),
        ({"occurred_at": "yesterday"}, Reason.TIME_INVALID, "occurred_at"),
        ({"schema": 2}, Reason.SCHEMA_UNKNOWN, "schema"),
        ({"amount": "1"}, Reason.SCHEMA_INVALID, "amount"),
        ({"traits": []}, Reason.SCHEMA_INVALID, "traits"),
        ({"stranger": 1}, Reason.SCHEMA_INVALID, "stranger"),
    ],
)
def test_a_fault_says_why_and_where(change: dict[str, Any], reason: Reason, path: str) -> None:
    fault = check(orjson.dumps(GOOD | change))
    assert isinstance(fault, Fault)
    assert (fault.reason, fault.path) == (reason, path)
    assert fault.detail
