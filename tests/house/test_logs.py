"""Events are named as what happened, so that a line reads as a fact; names are written out, so that they are found."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.test_tree import PACKAGES, ROOT, tracked

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
IRREGULAR = {"became", "began", "caught", "fell", "found", "given", "left", "lost", "read", "rebuilt", "sent", "taken"}


def events(source: str) -> Iterator[tuple[int, str | None]]:
    """The line and the name of every event that is logged; None where the name is not written out."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        if re.search(r"\b_?log(ger)?\b", ast.unparse(node.func.value)) and "logging" not in ast.unparse(node):
            first = node.args[0] if node.args else None
            yield node.lineno, str(first.value) if isinstance(first, ast.Constant) else None


def is_past(name: str | None) -> bool:
    """Whether a word of the name is a verb in the past."""
    return name is not None and any(word.endswith("ed") or word in IRREGULAR for word in name.split("_"))


def test_every_event_is_named_in_the_past() -> None:
    found = [
        (f"{path.relative_to(ROOT)}:{line}", name)
        for path in tracked(*(f"{package}/**.py" for package in PACKAGES))
        for line, name in events(path.read_text())
    ]
    assert len(found) > 50
    assert [
        where for where, name in found if not (is_past(name) and re.fullmatch(r"[a-z]+(_[a-z]+)*", name or ""))
    ] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("self._log.info('part_started', pid=1)", True),
        ("logger().warning('runs_abandoned')", True),
        ("log.info('starting')", False),
        ("log.info(f'{part}_started')", False),
    ],
)
def test_names_of_the_present_and_names_that_are_made_are_found(line: str, expected: bool) -> None:
    assert [is_past(name) for _, name in events(line)] == [expected]
