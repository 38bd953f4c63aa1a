"""What became of an interaction, told by its id: what this process accepted last, and what a reader finds stored.

The intake does not know where things are stored: whoever runs it brings a reader. It blocks, so it has a few threads of
its own; more questions than these can take are turned away, and a slow answer is not waited for.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import UUID

from producers.outcomes import Receipt
from producers.seal import Origin

Read = Callable[[str, UUID], Mapping[str, Any] | None]  # tenant, event id; blocks; raises UnavailableError
KEPT: Final = 20_000  # receipts of what was accepted last, some seconds of a busy process
THREADS: Final = 4
WAITING: Final = 32  # questions at the same time
PATIENCE_S: Final = 4.0


class UnavailableError(Exception):
    """Nobody can tell at the moment; the message says why, and holds nothing of what was asked."""


class Recent:
    """The receipts of what was accepted last: in Kafka, and perhaps not yet stored."""

    def __init__(self, most: int = KEPT) -> None:
        """`most`: receipts, and those of one delivery more; half as many are surely kept."""
        self._half = max(1, most // 2)
        self._young: dict[str, tuple[Origin, Receipt]] = {}
        self._old: dict[str, tuple[Origin, Receipt]] = {}

    def add(self, origin: Origin, receipts: list[Receipt]) -> None:
        """Remember them; when the young half is full, the old one is forgotten whole."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young |= {event_id: (origin, receipt) for receipt in receipts if (event_id := receipt["event_id"])}

    def find(self, tenant: str, event_id: UUID) -> dict[str, Any] | None:
        """The receipt of an id, if it is this tenant's."""
        found = self._young.get(str(event_id)) or self._old.get(str(event_id))
        if found is None or found[0].tenant != tenant:
            return None
        return {**found[1], "source": found[0].source}


class Receipts:
    """Answers questions for receipts."""

    def __init__(self, recent: Recent, read: Read | None) -> None:
        """`read`: what is stored; None: nobody can tell."""
        self._recent = recent
        self._read = read
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="receipts")
        self._asked = 0

    async def find(self, origin: Origin, event_id: UUID) -> dict[str, Any] | None:
        """What became of an interaction of the source's tenant; None where nothing is known of it.

        Raises:
            UnavailableError: what is stored cannot be read now.
        """
        recent = self._recent.find(origin.tenant, event_id)
        if self._read is None:
            if recent is None:
                raise UnavailableError("this process knows no ClickHouse")
            found = None
        else:
            found = await self._stored(self._read, origin.tenant, event_id)
        told = found or recent
        if told is None:
            return None
        own = told.get("source") == origin.source
        return {"event_id": str(event_id), **told, "of_this_source": own}

    def close(self) -> None:
        """Ask no more; questions on their way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _stored(self, read: Read, tenant: str, event_id: UUID) -> Mapping[str, Any] | None:
        if self._asked >= WAITING:
            raise UnavailableError("too many receipts are being asked for")
        self._asked += 1
        asking = asyncio.get_running_loop().run_in_executor(self._threads, read, tenant, event_id)
        asking.add_done_callback(self._answered)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(asking)
        except TimeoutError:
            raise UnavailableError("ClickHouse did not answer in time") from None

    def _answered(self, asking: "asyncio.Future[Mapping[str, Any] | None]") -> None:
        self._asked -= 1
        if not asking.cancelled():
            asking.exception()  # of a question that nobody waits for any more
