"""How other parts reach the embedded store: by the gateway that runs, or by one of their own for the while."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from schemas.settings import EMBEDDED, Settings
from throughline.gateway import running
from throughline.gateway.house import FULL, READER, announced, house, owned, passwords

STARTING_S: Final = 30.0  # an owner that has no address yet is starting

__all__ = ["FULL", "READER", "opened", "url"]


def url(settings: Settings, user: str = FULL) -> str:
    """The configured URL of ClickHouse; embedded, that of gateway.listen with a user's password, made if absent."""
    if settings.clickhouse.url != EMBEDDED:
        return settings.clickhouse.url
    password = passwords(house(settings.data_dir))[user]
    return f"http://{user}:{password}@{settings.gateway.listen}/throughline"


@contextmanager
def opened(settings: Settings, user: str = FULL) -> Iterator[str]:
    """A URL that answers: the configured one; embedded, the running gateway's, else one of our own until the end.

    Raises:
        StartError: no gateway could be started; the text says why.
    """
    if settings.clickhouse.url != EMBEDDED:
        yield settings.clickhouse.url
    elif _served(settings):
        yield running.url(settings.data_dir, user)
    else:
        with running.running_gateway(settings.data_dir, user=user) as own:
            yield own


def _served(settings: Settings) -> bool:
    """Whether a gateway owns the store; waits for one that is starting or ending."""
    home = house(settings.data_dir)
    deadline = time.monotonic() + STARTING_S
    while owned(home):
        if announced(home) is not None:
            return True
        if time.monotonic() > deadline:
            msg = f"a process owns the store {home.store} and does not serve it: its pid is in {home.lock}"
            raise running.StartError(msg)
        time.sleep(0.05)
    return False
