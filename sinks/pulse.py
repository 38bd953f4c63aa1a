"""How long ClickHouse has owed an answer: to an insert, or to a small question that is asked where no insert is.

An insert that stands still says nothing until its time is over, and a sink without records asks nothing: neither may
hide from operators that nothing can be stored. Told when the metric is read, so that nobody need come back for it.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from schemas.telemetry import Metrics, logger
from sinks.errors import FatalError, TransientError

EVERY_S: Final = 5.0
LEAVE_S: Final = 1.0


class Does(Protocol):
    """What we need of `sinks.clickhouse.client.ClickHouse`."""

    def command(self, sql: str) -> None:
        """Do something that has no answer."""


class Pulse:
    """What waits for ClickHouse, and since when. Safe between threads."""

    def __init__(self, client: Does, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, steady."""
        self._client = client
        self._clock = clock
        self._inserts: dict[object, float] = {}
        self._owed_since: float | None = None
        self._answered_at = -math.inf
        self._is_lost = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        metrics.clickhouse_unanswered.set_function(self.owed_s)

    def start(self) -> None:
        """Begin to ask, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a question that is under way is left behind."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    @contextmanager
    def inserting(self) -> Iterator[None]:
        """Around one try of an insert."""
        own = object()
        self._inserts[own] = self._clock()
        try:
            yield
            self._answered_at = self._clock()
        finally:
            del self._inserts[own]

    def owed_s(self) -> float:
        """Seconds for which the oldest of all that waits has waited; 0 where nothing does."""
        since = [*dict(self._inserts).values()]
        if (owed := self._owed_since) is not None:
            since.append(owed)
        return max(0.0, self._clock() - min(since)) if since else 0.0

    def ask(self) -> None:
        """Ask, unless an insert was answered just now. In vain, it counts from the first time on that it was asked."""
        if self._clock() - self._answered_at >= EVERY_S and not self._is_answered():
            return
        if self._is_lost:
            logger().info("clickhouse_answered")
        self._is_lost, self._owed_since = False, None

    def _is_answered(self) -> bool:
        if self._owed_since is None:
            self._owed_since = self._clock()
        try:
            self._client.command("SELECT 1")
        except (TransientError, FatalError) as error:
            if not self._is_lost:
                logger().warning("clickhouse_lost", error=str(error))
            self._is_lost = True
            return False
        return True

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.ask()
