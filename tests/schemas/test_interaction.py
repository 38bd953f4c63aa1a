"""The published JSON Schema: current, right about real interactions, and never broken within a version."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from tests.schemas.compatibility import breaks
from tests.schemas.test_check import GOOD
from tests.strategies import documents
from throughline.reference import interaction_schema

RELEASED = Path(__file__).parent / "released" / "interaction-1.json"  # rewritten only with a new version of the schema

NOW = interaction_schema()


@given(documents)
def test_the_published_schema_takes_every_interaction(document: dict[str, Any]) -> None:
    Draft202012Validator(NOW).validate(document)


@pytest.mark.parametrize("change", [{"channel": "fax"}, {"identifiers": []}, {"stranger": 1}, {"schema": 2}])
def test_the_published_schema_refuses_what_we_refuse(change: dict[str, Any]) -> None:
    assert not Draft202012Validator(NOW).is_valid(GOOD | change)


def test_no_breaking_change_without_a_new_version() -> None:
    assert breaks(orjson.loads(RELEASED.read_bytes()), NOW) == []


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda schema: schema["properties"].pop(name)


@pytest.mark.parametrize(
    "change",
    [
        _without("agent"),
        lambda s: s["required"].append("agent"),
        lambda s: s["required"].remove("tenant"),
        lambda s: s["properties"]["channel"]["enum"].remove("web"),
        lambda s: s["properties"]["identifiers"].update(maxItems=3),
        lambda s: s["properties"]["identifiers"].update(minItems=2),
        lambda s: s["properties"]["tenant"].update(pattern="^x$"),
        lambda s: s["properties"]["traits"].update(type="string"),
        lambda s: s["$defs"]["Identifier"]["properties"].pop("kind"),
        lambda s: s["properties"]["amount"]["anyOf"][0].update(maximum=10),
    ],
)
def test_a_breaking_change_is_seen(change: Callable[[dict[str, Any]], object]) -> None:
    changed = copy.deepcopy(NOW)
    change(changed)
    assert breaks(NOW, changed)


def test_an_addition_is_no_break() -> None:
    changed = copy.deepcopy(NOW)
    changed["properties"]["mood"] = {"type": "string"}
    changed["properties"]["channel"]["enum"].append("fax")
    assert breaks(NOW, changed) == []
