"""`--update-golden` rewrites what golden cases expect: read the difference before you commit it."""

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite expected.json of every golden case")


@pytest.fixture
def golden() -> Path:
    return GOLDEN


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden", default=False))
