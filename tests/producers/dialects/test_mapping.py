"""A mapping is checked at the start; each fault names its key and the nearest known one."""

import re
import tomllib

import pytest

from producers.dialects.mapping import Literal, default, rules

EMAIL = 'identifiers.email = "email"\n'


def table(text: str) -> dict[str, object]:
    return tomllib.loads(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EMAIL + 'mesage_id = "id"', "mesage_id is no member of an interaction; did you mean message_id?"),
        (EMAIL + 'frobnicate = "id"', "frobnicate is no member of an interaction; known: type, name"),
        (EMAIL + 'type = "=mesage"', "did you mean message?"),
        (EMAIL + 'direction = {from = "dir", values = {in = "inwards"}}', "direction: one of inbound, outbound"),
        (EMAIL + 'text = "a..b"', "text: 'a..b' is no path: character 2"),
        (EMAIL + 'text = "lines[*].text"', "text: lines[*].text may name many values"),
        (EMAIL + 'score_scale = "=ten"', "score_scale: a number is expected"),
        (EMAIL + 'occurred_at = "=now"', "occurred_at: a time cannot be a literal"),
        (EMAIL + "text = {path = 'x'}", "text: a path, or { from"),
        (EMAIL + 'traits = "=x"', "traits: a path to an object is expected"),
        (EMAIL + 'text = [["a"]]', "text: a path is expected"),
        ('identifiers."E-Mail" = "x"', "identifiers.E-Mail: a kind has small letters"),
        ('text = "x"', "no identifier"),
    ],
)
def test_a_fault_names_its_key(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        rules(table(text))


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ValueError, match="a table is expected"):
        rules("text = x")


def test_literals_are_numbers_too() -> None:
    mapping = rules(table(EMAIL + "score_scale = 10\nname = ['event', '=unknown']"))
    assert [rule.sources[-1] for rule in mapping.fields] == [Literal(10), Literal("unknown")]


def test_the_default_takes_our_own_names_at_every_level() -> None:
    at_two = default("data.")
    assert {rule.target for rule in at_two.fields} >= {"type", "name", "message_id", "occurred_at", "text", "amount"}
    (text,) = [rule for rule in at_two.fields if rule.target == "text"]
    assert [path.text for path in text.paths] == ["text", "data.text"]
    assert rules(at_two) is at_two
