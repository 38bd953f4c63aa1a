"""docs/adding-an-adapter.md is followed to the letter, in a copy of the tree."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT, checkout

PAGE = ROOT / "docs/adding-an-adapter.md"
BLOCK = re.compile(r"^```(console|python)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(name="checkout")
def copied(tmp_path: Path) -> Path:
    return checkout(tmp_path, "schemas", "producers", "throughline")


def run(checkout: Path, *command: str) -> str:
    """What it prints, with the checkout's code before the installed one."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "PYTHONPATH": str(checkout), "HOME": str(checkout), "MYPY_CACHE_DIR": ".mypy"}
    done = subprocess.run(
        command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output that it shows."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def shown(output: str) -> str:
    """The output of the page as an expression: `...` stands for anything."""
    return re.escape(output).replace(re.escape("..."), ".*")


@pytest.mark.slow
def test_the_page_is_what_happens(checkout: Path) -> None:
    ran = 0
    for kind, file, content in BLOCK.findall(PAGE.read_text()):
        if file:
            (checkout / file).write_text(content)
        elif kind == "python":
            assert run(checkout, sys.executable, "-c", content) == ""
        else:
            for command, output in commands(content):
                printed = run(checkout, "bash", "-c", command)
                assert re.fullmatch(shown(output), printed, re.DOTALL), f"$ {command}\n{printed}"
                ran += 1
    assert ran > 10
