"""Dictionaries are read again when they are old enough, as a server does by itself and chDB never does."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

import orjson

from schemas.telemetry import logger
from throughline.gateway.asked import identifier
from throughline.gateway.engine import Connection, Engine

LOOK_S: Final = 5.0  # as often as a server looks
_DUE: Final = """
SELECT database, name
FROM system.dictionaries
WHERE status = 'LOADED' AND lifetime_max > 0
    AND last_successful_update_time + toIntervalSecond(lifetime_min) <= now()
"""


async def keep_reloading(reload: Callable[[], Collection[str]], stopped: asyncio.Event) -> None:
    """Call `reload`, which names what it failed with, again and again until `stopped`; it may block."""
    failing: frozenset[str] = frozenset()
    while not stopped.is_set():
        try:
            failed = frozenset(await asyncio.to_thread(reload))
        except Exception as error:  # noqa: BLE001  the engine has no memory left, or no connection: there is a next time
            logger().warning("dictionaries_not_looked_at", error=type(error).__name__)
        else:
            for name in failed - failing:
                logger().warning("dictionary_not_reloaded", dictionary=name)
            failing = failed
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), LOOK_S)


def reload_due(engine: Engine) -> list[str]:
    """Read again each dictionary that is as old as its lifetime says; the names of those that could not be.

    Such a one answers as before. One that nobody has asked yet stays unread.
    """
    connection = engine.open()
    try:
        return [name for name in _due(connection) if not _reloaded(connection, name)]
    finally:
        connection.close()


def _due(connection: Connection) -> list[str]:
    rows = connection.query(_DUE, "JSONCompactEachRow").bytes().splitlines()
    return [".".join(identifier(part) for part in orjson.loads(row)) for row in rows]


def _reloaded(connection: Connection, name: str) -> bool:
    try:
        connection.query(f"SYSTEM RELOAD DICTIONARY {name}", "Null")
    except Exception:  # noqa: BLE001  chDB raises what it likes; the reason is in system.dictionaries
        return False
    return True
