"""Sizes, names, packages and words: what linters do not see."""

import re
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from throughline.reference import pages

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("throughline", "schemas", "producers", "stream_processors", "sinks")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def test_no_module_is_longer_than_300_lines() -> None:
    assert [str(path) for path in tracked("*.py") if len(path.read_text().splitlines()) > 300] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "helpers", "common", "base", "manager"}
    assert [str(path) for path in tracked("*.py") if path.stem in vague] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_nobody_else_ships_a_package_of_our_name(package: str) -> None:
    assert set(packages_distributions().get(package, [])) <= {"throughline"}  # an editable install lists none


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_says_what_lives_there(package: str) -> None:
    for init in tracked(f"{package}/**/__init__.py", f"{package}/__init__.py"):
        assert init.read_text().startswith('"""'), init


def test_generated_references_are_current() -> None:
    assert [str(path) for path, text in pages().items() if (ROOT / path).read_text() != text] == []


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lines = re.findall(r'^  "[a-z0-9-]+[>=<].*$', text, re.MULTILINE)
    assert lines
    assert [line for line in lines if "#" not in line] == []


def test_constraints_pin_with_hashes_and_name_no_host() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") >= text.count("==") > 50


def test_every_command_of_the_interface_is_there() -> None:
    commands = (ROOT / "docs/reference/commands.md").read_text()
    for name in ("demo", "up", "serve", "process", "resolve", "sink", "topics create", "topics check", "migrate",
                 "import", "timeline", "customer", "explain", "sql", "rejected list", "rejected show", "audit",
                 "adapters list", "adapters new", "adapters check", "quality", "status", "config check", "identity tie",
                 "identity keep-apart", "identity split", "identity handover", "identity block",
                 "identity retract", "identity simulate", "identity apply"):  # fmt: skip
        assert f"## throughline {name}\n" in commands
