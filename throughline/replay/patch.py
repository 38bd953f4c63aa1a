"""Patches: `path=value`, as in `customer.emails[0]=ada@example.com`, and `del(path)`. Pure.

Paths are those of a source's `map` (`producers.dialects.paths`), or with jq's dot before them: member names, `[n]`
from the start, `[-n]` from the end, `["a name. with dots"]`. The value is JSON, or else text. Objects that are missing
on the way are made; `[n]` just behind the end of a list adds to it. A form is patched as an object of texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode

import orjson

from producers.dialects.paths import Every, Path, Step, parse
from producers.json_text import read, write

_QUOTE: Final = '"'


class PatchError(Exception):
    """A patch that cannot be read, or does not fit a body; the message names its path."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What is to be at a path of a body.

    Attributes:
        path: one place.
        value: any JSON.
        removes: the place is to go; the value says nothing.
    """

    path: Path
    value: object = None
    removes: bool = False


def parse_patch(text: str) -> Patch:
    """A patch from what was typed.

    Raises:
        PatchError: it is none.
    """
    if text.startswith("del(") and text.endswith(")"):
        return Patch(_path(text[4:-1]), removes=True)
    name, value = _split(text)
    try:
        return Patch(_path(name), orjson.loads(value))
    except orjson.JSONDecodeError:
        return Patch(_path(name), value)


def patched(body: bytes, patches: Sequence[Patch], *, is_form: bool = False) -> bytes:
    """The body, a JSON document or a form, with all patches applied in their order; the same bytes without any.

    Raises:
        PatchError: it is neither, or a path leads nowhere in it.
    """
    if not patches:
        return body
    try:
        document = dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True)) if is_form else read(body)
    except orjson.JSONDecodeError:
        msg = f"{patches[0].path.text}: the body is not JSON, so a path leads nowhere in it"
        raise PatchError(msg) from None
    for patch in patches:
        document = _put(document, patch, 0)
    if is_form and isinstance(document, dict):
        return urlencode({name: str(value) for name, value in document.items()}).encode()
    return write(document)


def _split(text: str) -> tuple[str, str]:
    """The path and the value, parted by the first = that is not within quotes."""
    inside = False
    for at, character in enumerate(text):
        if character == _QUOTE:
            inside = not inside
        elif character == "=" and not inside:
            return text[:at].strip(), text[at + 1 :].strip()
    msg = f"{text!r} is no patch: write path=value, as customer.email=ada@example.com, or del(path)"
    raise PatchError(msg)


def _path(text: str) -> Path:
    try:
        path = parse(text.strip().removeprefix("."))
    except ValueError as error:
        raise PatchError(str(error)) from None
    if path.whole or path.is_many:
        msg = f"{text}: a patch names one place, without $ and [*]"
        raise PatchError(msg)
    return path


def _put(value: object, patch: Patch, depth: int) -> object:
    """`value`, which stands at the first `depth` steps, with the patch in it; nothing is changed in place."""
    steps = patch.path.steps
    if depth == len(steps):
        return patch.value
    step = steps[depth]
    if value is None and isinstance(step, str) and not patch.removes:
        value = {}
    if isinstance(step, str):
        return _member(value, step, patch, depth)
    return _item(value, cast("int", step), patch, depth)


def _member(value: object, name: str, patch: Patch, depth: int) -> object:
    if not isinstance(value, dict):
        raise _misfit(patch, depth, "an object", value)
    if patch.removes and name not in value:
        raise PatchError(f"{_so_far(patch, depth + 1)}: there is no such member")
    if patch.removes and depth + 1 == len(patch.path.steps):
        return {key: below for key, below in value.items() if key != name}
    return value | {name: _put(value.get(name), patch, depth + 1)}


def _item(value: object, index: int, patch: Patch, depth: int) -> object:
    if not isinstance(value, list):
        raise _misfit(patch, depth, "a list", value)
    at = index + len(value) if index < 0 else index
    ends = len(value) if patch.removes else len(value) + 1
    if not 0 <= at < ends:
        many = f"{len(value)} item{'' if len(value) == 1 else 's'}"
        raise PatchError(f"{_so_far(patch, depth + 1)}: the list has {many}")
    if patch.removes and depth + 1 == len(patch.path.steps):
        return [*value[:at], *value[at + 1 :]]
    below: Any = value[at] if at < len(value) else None
    return [*value[:at], _put(below, patch, depth + 1), *value[at + 1 :]]


def _misfit(patch: Patch, depth: int, wanted: str, value: object) -> PatchError:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "a boolean", int: "a number", float: "a number"}
    found = kinds.get(type(value), "null")
    return PatchError(f"{patch.path.text}: {_so_far(patch, depth) or 'the body'} is {found}, not {wanted}")


def _so_far(patch: Patch, depth: int) -> str:
    """The path up to a step."""
    return "".join(map(_text, patch.path.steps[:depth])).removeprefix(".")


def _text(step: Step) -> str:
    if isinstance(step, Every):
        return "[*]"
    if isinstance(step, int):
        return f"[{step}]"
    return f'["{step}"]' if set(step) & set(".[]$=") else f".{step}"
