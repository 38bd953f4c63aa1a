"""Conditions that a test waits for, with a deadline that fails."""

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 90.0  # the machine may be busy


def until(true: Callable[[], object], patience_s: float = PATIENCE_S, pause_s: float = 0.02) -> None:
    """Wait until it is true; `pause_s` between two looks, longer where a look takes the time of what is waited for."""
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(pause_s)


async def eventually(true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """The same beside an event loop; the question is asked in a thread."""
    deadline = time.monotonic() + patience_s
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)
