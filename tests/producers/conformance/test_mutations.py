"""The same variants every time, every prefix among them, and the original is left as it was."""

from datetime import UTC, datetime

import orjson

from producers.conformance.mutations import flipped, mutated, spread
from producers.contract import Delivery

BODY = b'{"id":"m1","list":[1,{"x":"y"}]}'
DELIVERY = Delivery("POST", "/", "", {"x-signature": "abc"}, BODY, datetime(2026, 1, 1, tzinfo=UTC))


def test_variants_are_the_same_every_time_and_leave_the_original_alone() -> None:
    first, again = list(mutated(DELIVERY)), list(mutated(DELIVERY))
    assert first == again
    assert (DELIVERY.body, DELIVERY.headers) == (BODY, {"x-signature": "abc"})


def test_every_prefix_every_type_and_no_header_are_among_them() -> None:
    bodies = {variant.body for variant in mutated(DELIVERY)}
    assert {BODY[:end] for end in range(len(BODY))} <= bodies
    odd_ones: list[dict[str, object]] = [
        {"id": None},
        {"id": []},
        {"list": {}},
        {"list": [1, {"x": 0}]},
        {"list": ["", {"x": "y"}]},
    ]
    for odd in odd_ones:
        assert orjson.dumps({"id": "m1", "list": [1, {"x": "y"}]} | odd) in bodies
    assert orjson.dumps({"id": "m1"}) in bodies
    assert any(not variant.headers for variant in mutated(DELIVERY))


def test_a_flip_changes_one_byte() -> None:
    for at in range(len(BODY)):
        changed = flipped(BODY, at)
        assert [one == other for one, other in zip(BODY, changed, strict=True)].count(False) == 1


def test_positions_are_spread_evenly() -> None:
    assert list(spread(3, 10)) == [0, 1, 2]
    assert list(spread(100, 4)) == [0, 25, 50, 75]
