"""Every adapter on the roll conforms, with golden cases of its own. A new adapter is tested here by its line alone."""

from pathlib import Path

import pytest

from producers.adapters import ROLL
from producers.conformance.suite import examine


@pytest.mark.parametrize("name", sorted(ROLL))
def test_the_adapter_conforms(name: str, golden: Path, update_golden: bool) -> None:
    assert [str(finding) for finding in examine(ROLL[name], golden, update=update_golden)] == []


def test_every_golden_folder_belongs_to_an_adapter(golden: Path) -> None:
    assert {folder.name for folder in golden.iterdir()} <= ROLL.keys()


@pytest.mark.parametrize("name", sorted(ROLL))
def test_the_adapter_is_named_like_its_module(name: str) -> None:
    assert ROLL[name].__module__ == f"producers.adapters.{name}"
