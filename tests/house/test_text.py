"""What every tracked text keeps to: nothing unfinished, nothing unexplained, no place of one machine, no dead link."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from producers.adapters import ROLL
from tests.house.test_tree import PACKAGES, ROOT, tracked

UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X{3})\b|raise NotImplementedError$", re.MULTILINE)
SUPPRESSED = re.compile(r"#\s*(?:type:\s*ignore|noqa)(?:(?:\[|:\s*)([\w-]+(?:,\s*[\w-]+)*)\]?)?(.*)")
PLACES = re.compile(
    r"(?<![\w.$}*-])/(work|tmp|root|home|Users)/\w|pythonhosted\.org|pypi\.org/simple|registry\.npmjs\.org"
    r"|repo1?\.maven\.|artifactory|nexus/repository",
)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def texts(*patterns: str) -> Iterator[tuple[str, str]]:
    """The name and the text of tracked files."""
    for path in tracked(*patterns):
        if path.suffix not in {".png", ".gz"}:
            yield str(path.relative_to(ROOT)), path.read_text()


def test_nothing_is_left_unfinished() -> None:
    products = [f"{package}/*" for package in (*PACKAGES, "deploy", "benchmarks", "docs")]
    assert [name for name, text in texts(*products) if UNFINISHED.search(text)] == []


def test_whatever_a_linter_is_told_to_pass_over_has_its_reason() -> None:
    found = [f"{name}:{line}" for name, text in texts("*.py") for line in unexplained(text)]
    assert found == []


def unexplained(text: str) -> Iterator[int]:
    """Lines that suppress a finding with no reason there, in a comment above, or at the first of its kind."""
    explained: set[str] = set()
    lines = text.splitlines()
    for number, line in enumerate(lines):
        for found in SUPPRESSED.finditer(line):
            codes = set(re.findall(r"[\w-]+", found[1] or ""))
            is_told = found[2].strip(" #") or any(
                above.lstrip().startswith("#") for above in lines[max(0, number - 8) : number]
            )
            if codes and is_told:
                explained |= codes
            elif not codes & explained:
                yield number + 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = y  # type: " + "ignore", [1]),
        ("x = y  # type: " + "ignore[attr-defined]", [1]),
        ("x = y  # " + "noqa: S101", [1]),
        ("x = y  # type: " + "ignore[attr-defined]  # it ships no types", []),
        ("x = y  # " + "noqa: S101  ours\nx = y  # " + "noqa: S101", []),
    ],
)
def test_a_suppression_without_a_reason_is_found(text: str, lines: list[int]) -> None:
    assert list(unexplained(text)) == lines


def test_no_text_names_a_place_of_one_machine() -> None:
    mine = str(Path(__file__).relative_to(ROOT))
    found = [(name, hit[0]) for name, text in texts() if name != mine and (hit := PLACES.search(text))]
    assert found == []


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    dead = [
        f"{name}: {link}"
        for name, text in texts("*.md")
        for link in LINK.findall(FENCED.sub("", text))
        if not ((ROOT / name).parent / link).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("name", ROLL)
def test_every_adapter_has_its_page_its_cases_and_its_tests(name: str) -> None:
    assert (ROOT / f"docs/adapters/{name}.md").read_text().startswith(f"# {name}")
    assert list((ROOT / f"tests/golden/{name}").glob("*/delivery.json"))
    assert (ROOT / f"tests/producers/adapters/test_{name}.py").exists()
