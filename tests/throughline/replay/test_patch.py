"""The language of patches: what is put somewhere is there, nothing else moves, and what does not fit says where."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.replay.patch import Patch, PatchError, parse_patch, patched

names = st.text(st.characters(codec="utf-8", exclude_characters='"', exclude_categories=["Cs"]), min_size=1, max_size=6)
leaves = st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5)
trees = st.recursive(leaves, lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=3))
documents = st.dictionaries(names, trees, min_size=1, max_size=4)
Steps = tuple[str | int, ...]


def places(value: object, at: Steps = ()) -> list[Steps]:
    """Every place in a document but its root."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, below in members for place in ((*at, step), *places(below, (*at, step)))]


def text_of(place: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f'["{step}"]' for step in place)


def at(value: Any, place: Steps) -> object:  # noqa: ANN401  any JSON
    for step in place:
        value = value[step]
    return value


def apply(document: object, *patches: str) -> Any:  # noqa: ANN401  any JSON
    return orjson.loads(patched(orjson.dumps(document), [parse_patch(one) for one in patches]))


@st.composite
def placed(draw: st.DrawFn) -> tuple[dict[str, Any], Steps]:
    document = draw(documents)
    return document, draw(st.sampled_from(places(document)))


@given(placed(), trees)
def test_what_is_put_is_there_and_nothing_else_has_changed(chosen: tuple[dict[str, Any], Steps], value: object) -> None:
    document, place = chosen
    patch = f"{text_of(place)}={orjson.dumps(value).decode()}"
    done = apply(document, patch)
    assert at(done, place) == value
    assert apply(done, patch) == done
    assert apply(done, f"{text_of(place)}={orjson.dumps(at(document, place)).decode()}") == document


@given(placed())
def test_what_is_taken_out_is_gone_and_cannot_be_taken_out_again(chosen: tuple[dict[str, Any], Steps]) -> None:
    document, place = chosen
    done = apply(document, f"del({text_of(place)})")
    above = at(document, place[:-1])
    assert len(at(done, place[:-1])) == len(above) - 1  # type: ignore[arg-type]  # both are sized
    if isinstance(place[-1], str):
        with pytest.raises(PatchError, match="no such member"):
            apply(done, f"del({text_of(place)})")


@given(placed(), trees, trees)
def test_patches_of_places_apart_may_come_in_any_order(
    chosen: tuple[dict[str, Any], Steps], one: object, other: object
) -> None:
    document, place = chosen
    apart = next((each for each in places(document) if each[:1] != place[:1]), None)
    if apart is not None:
        first, second = (f"{text_of(p)}={orjson.dumps(v).decode()}" for p, v in ((place, one), (apart, other)))
        assert apply(document, first, second) == apply(document, second, first)


@given(st.text(max_size=30))
def test_any_text_is_a_patch_or_an_error_of_ours(text: str) -> None:
    try:
        patch = parse_patch(text)
    except PatchError:
        return
    assert isinstance(patch, Patch)


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        ("a.b=1", {"a": {"b": 1}, "l": [{"x": 1}]}),
        (".a.c=text", {"a": {"b": 0, "c": "text"}, "l": [{"x": 1}]}),
        ("a.c = a=b", {"a": {"b": 0, "c": "a=b"}, "l": [{"x": 1}]}),
        ('a.c="1"', {"a": {"b": 0, "c": "1"}, "l": [{"x": 1}]}),
        ("a.c=", {"a": {"b": 0, "c": ""}, "l": [{"x": 1}]}),
        ('a["c=d.e"]=null', {"a": {"b": 0, "c=d.e": None}, "l": [{"x": 1}]}),
        ("n.m.o=1", {"a": {"b": 0}, "l": [{"x": 1}], "n": {"m": {"o": 1}}}),
        ("l[0].x=2", {"a": {"b": 0}, "l": [{"x": 2}]}),
        ("l[-1].x=2", {"a": {"b": 0}, "l": [{"x": 2}]}),
        ("l[1]=2", {"a": {"b": 0}, "l": [{"x": 1}, 2]}),
        ("del(a)", {"l": [{"x": 1}]}),
        ("del(l[0].x)", {"a": {"b": 0}, "l": [{}]}),
    ],
)
def test_what_a_patch_means(patch: str, after: object) -> None:
    assert apply({"a": {"b": 0}, "l": [{"x": 1}]}, patch) == after


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("a", "is no patch"),
        ("a..b=1", "is no path"),
        ("=1", "empty path"),
        ("l[*].x=1", r"l\[\*\].x: a patch names one place"),
        ("a.b.c=1", r"a.b.c: a.b is a number, not an object"),
        ("l.x=1", "l.x: l is a list, not an object"),
        ("a[0]=1", r"a\[0\]: a is an object, not a list"),
        ("l[2]=1", r"l\[2\]: the list has 1 item"),
        ("l[-2].x=1", r"l\[-2\]: the list has 1 item"),
        ("del(l[1])", r"l\[1\]: the list has 1 item"),
        ("del(a.z)", "a.z: there is no such member"),
    ],
)
def test_what_does_not_fit_says_where(patch: str, said: str) -> None:
    with pytest.raises(PatchError, match=said):
        apply({"a": {"b": 0}, "l": [{"x": 1}]}, patch)


def test_without_patches_the_bytes_are_the_same_and_a_body_that_is_no_json_has_no_places() -> None:
    assert patched(b"{ }\xff", []) == b"{ }\xff"
    with pytest.raises(PatchError, match=r"a.b: the body is not JSON"):
        patched(b"\xff", [parse_patch("a.b=1")])


def test_a_form_is_patched_as_an_object_of_texts() -> None:
    assert patched(b"From=%2B1&To=2", [parse_patch("CallSid=CA1"), parse_patch("del(To)")], is_form=True) == (
        b"From=%2B1&CallSid=CA1"
    )
