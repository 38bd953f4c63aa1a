"""A copy of the tree, as far as a new adapter needs it."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
ADAPTERS = Path("tests/producers/adapters")


def checkout(folder: Path, *packages: str) -> Path:
    """Copy these packages and the tests that run over the roll into `folder`."""
    for package in packages:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / ADAPTERS).mkdir(parents=True)
    for file in ("tests/__init__.py", "tests/producers/__init__.py"):
        shutil.copy(ROOT / file, folder / file)
    for name in ("__init__.py", "conftest.py", "test_conformance.py"):
        shutil.copy(ROOT / ADAPTERS / name, folder / ADAPTERS)
    return folder
