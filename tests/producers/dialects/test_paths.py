"""Paths are read as written, and what they name can be taken out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.paths import Every, parse, take_out, values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=12,
)
STEPS = st.lists(st.sampled_from(["a", "b", "c", "[0]", "[-1]", "[*]"]), min_size=1, max_size=4)


def written(steps: list[str]) -> str:
    return "".join(step if step.startswith("[") else f".{step}" for step in steps).removeprefix(".")


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("email", ("email",)),
        ("customer.emails[0]", ("customer", "emails", 0)),
        ("a[-1].b", ("a", -1, "b")),
        ("lines[*].sku", ("lines", Every.ITEM, "sku")),
        ("[0]", (0,)),
        ('["a. name"].x', ("a. name", "x")),
        ("Customer Name", ("Customer Name",)),
        ("$.account", ("account",)),
    ],
)
def test_a_path_is_read_step_by_step(text: str, steps: tuple[object, ...]) -> None:
    assert parse(text).steps == steps
    assert parse(text).whole == text.startswith("$")


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[0", "[0]a", "$", "$a", 'a["b'])
def test_what_is_no_path_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.b", [1]),
        ("list[0].x", [1]),
        ("list[-1].x", [3]),
        ("list[*].x", [1, 3]),
        ("list[9].x", []),
        ("a.b.c", []),
        ("none", []),
        ("a[0]", []),
    ],
)
def test_values_are_found_and_null_is_none(text: str, found: list[object]) -> None:
    document = {"a": {"b": 1}, "list": [{"x": 1}, {"x": None}, {"x": 3}], "none": None}
    assert values(document, parse(text)) == found


def test_taking_out_leaves_no_empty_objects_and_no_gaps_in_lists() -> None:
    document = {"a": {"b": {"c": 1}}, "list": [{"x": 1, "y": 2}, {"x": 3}], "flat": [1, 2]}
    for text in ("a.b.c", "list[*].x", "flat[0]"):
        take_out(document, parse(text))
    assert document == {"list": [{"y": 2}, {}], "flat": [1, 2]}


@given(JSON, STEPS)
def test_any_path_over_any_document_is_safe_and_taking_out_twice_is_taking_out_once(
    document: object, steps: list[str]
) -> None:
    path = parse(written(steps))
    values(document, path)
    take_out(document, path)
    once = repr(document)
    if not steps[-1].startswith("["):
        assert values(document, path) == []
    take_out(document, path)
    assert repr(document) == once
