"""CSV: any record is an interaction or is kept with its line's number."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from producers.adapters.csv import Csv
from producers.contract import Bad, Delivery, Draft

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def csv(**config: object) -> Csv:
    return Csv(Csv.Config.model_validate({"channel": "store"} | config))


def item(body: bytes, columns: object, adapter: Csv | None = None) -> Draft | Bad:
    headers = {"x-record": "7", "x-columns": orjson.dumps(columns).decode()}
    (found,) = (adapter or csv()).decode(Delivery("FILE", "calls.csv", "", headers, body, NOW))
    return found


@given(st.binary(max_size=200), st.lists(st.text(max_size=5), max_size=4) | st.none() | st.integers())
def test_any_record_is_one_item(body: bytes, columns: object) -> None:
    found = item(body, columns)
    if isinstance(found, Bad):
        assert found.body == body
        assert found.fault.path.startswith("line 7")


def test_columns_with_a_group_stand_one_level_deeper() -> None:
    found = item(
        b"a@b.example,gold,Berlin,x,1\n", ["identifiers.email", "traits.plan", "traits.city", "other.x", "score"]
    )
    assert isinstance(found, Draft)
    assert found.identifiers == [("email", "a@b.example")]
    assert found.traits == {"plan": "gold", "city": "Berlin"}
    assert found.properties == {"other.x": "x"}
    assert found.score == 1


def test_a_column_named_like_a_group_keeps_its_neighbours() -> None:
    adapter = csv(map={"identifiers": {"email": "email"}, "properties": {"plan": '["traits.plan"]'}, "text": "traits"})
    found = item(b"a@b.example,gold,all\n", ["email", "traits.plan", "traits"], adapter)
    assert isinstance(found, Draft)
    assert (found.text, found.properties) == ("all", {"plan": "gold"})


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"delimiter": ""}, "delimiter"),
        ({"delimiter": "::"}, "delimiter"),
        ({"encoding": "klingon"}, "no encoding"),
        ({"encoding": "utf-16"}, "no superset of ASCII"),
        ({"encoding": "cp037"}, "no superset of ASCII"),
    ],
)
def test_a_fault_of_the_configuration_is_named(config: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        csv(**config)
