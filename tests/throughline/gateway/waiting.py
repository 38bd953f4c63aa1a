"""Waiting for what the engine does."""

import time
from collections.abc import Callable

import httpx

PATIENCE_S = 20.0


def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds; fails when it does not come to."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def statements(http: httpx.Client, what: str) -> int:
    """How many statements that hold this text run now."""
    sql = f"SELECT count() FROM system.processes WHERE query LIKE '%{what}%' AND query NOT LIKE '%system.processes%'"
    return int(http.post("/", content=sql).text)
