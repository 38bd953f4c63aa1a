"""From received to queryable: rows that were just inserted are looked for in `timeline`, as an analyst would.

A few rows every five seconds under load, spread over a range and over its channels; docs/decisions/0070 says why these
and no canaries. What does not show is looked for again, and counted when it stays away.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final, Protocol

import msgspec

from schemas.interaction import CHANNELS
from schemas.telemetry import Metrics, logger
from sinks.clickhouse.client import Result
from sinks.errors import FatalError, TransientError

EVERY_S: Final = 5.0  # between two questions, while there is something to ask all the time
BURST: Final = 5.0  # questions that may be saved up: while little comes, each range is asked for
SAMPLES: Final = 32  # rows of a range that are looked at
EACH: Final = 2  # of a channel, at most
PATIENCE_S: Final = 30.0  # after which a row counts as missing
_OLD: Final = timedelta(days=1)  # what happened longer before its receipt may be past its retention already
_ENOUGH: Final = 256  # rows that are looked for at once, at most


class Row(msgspec.Struct, frozen=True):
    """What is needed of a record of `timeline.events`."""

    tenant: str
    subject: str
    event_id: str
    channel: str
    occurred_at: datetime
    received_at: datetime


class Asks(Protocol):
    """What we need of `sinks.clickhouse.client.ClickHouse`."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        """Ask."""


class ReadBack:
    """Reads rows back in a thread of its own."""

    def __init__(self, client: Asks, metrics: Metrics) -> None:
        self._client = client
        self._metrics = metrics
        self._sql = (files("sinks.clickhouse.queries") / "read_back.sql").read_text()
        self._offered: queue.Queue[list[Row] | None] = queue.Queue(8)
        self._left = BURST
        self._at = time.monotonic()
        self._waiting: dict[str, tuple[Row, float]] = {}  # by event id, and until when it is waited for
        self._is_failing = False
        self._log = logger()
        self._thread = threading.Thread(target=self._run, name="read-back", daemon=True)
        for channel in CHANNELS:
            metrics.read_back_missing.labels(channel)  # 0 from the first scrape on, so that a rise is seen
            metrics.end_to_end.labels(channel)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a query that is under way is left behind."""
        self._offered.put(None)
        self._thread.join(1.0)

    def offer(self, values: Sequence[bytes]) -> None:
        """Rows that ClickHouse has just acknowledged. From any thread; mostly it returns at once."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._at) / EVERY_S)
        self._at = now
        if self._left < 1.0:
            return
        self._left -= 1.0
        with suppress(queue.Full):  # ClickHouse is slow to answer: it has enough to do
            self._offered.put_nowait(sample(values))

    def _run(self) -> None:
        while True:
            try:
                rows = self._offered.get(timeout=EVERY_S)
            except queue.Empty:
                rows = []
            if rows is None:
                return
            self.look(rows)

    def look(self, rows: Iterable[Row]) -> None:
        """Look for these and for what did not show before."""
        until = time.monotonic() + PATIENCE_S
        for row in rows:
            if len(self._waiting) < _ENOUGH:
                self._waiting.setdefault(row.event_id, (row, until))
        if not self._waiting:
            return
        try:
            found = self._ask()
        except TransientError as error:  # away: nobody can say what it would show
            self._fail(error)
            return
        except FatalError as error:  # it answers, and cannot show any: the view is gone, or not for us
            self._fail(error)
            found = set()
        else:
            self._is_failing = False
        self._settle(found, time.time(), time.monotonic())

    def _fail(self, error: Exception) -> None:
        if not self._is_failing:
            self._log.warning("read_back_failed", error=str(error))
        self._is_failing = True

    def _ask(self) -> set[str]:
        rows = [row for row, _ in self._waiting.values()]
        answer = self._client.query(
            self._sql,
            {
                "tenants": sorted({row.tenant for row in rows}),
                "subjects": sorted({row.subject for row in rows}),
                "ids": list(self._waiting),
            },
        )
        return {str(event_id) for (event_id,) in answer.rows}

    def _settle(self, found: set[str], now: float, moment: float) -> None:
        for event_id, (row, until) in list(self._waiting.items()):
            if event_id in found:
                seconds = max(0.0, now - row.received_at.timestamp())
                self._metrics.end_to_end.labels(row.channel).observe(seconds)
            elif moment < until:
                continue
            else:
                self._metrics.read_back_missing.labels(row.channel).inc()
                self._log.error("row_not_read_back", channel=row.channel)
            del self._waiting[event_id]


def sample(values: Sequence[bytes]) -> list[Row]:
    """A few rows, spread evenly over the range, of each channel at most EACH."""
    taken: Counter[str] = Counter()
    rows = []
    for value in values[:: max(1, len(values) // SAMPLES)]:
        try:
            row = _DECODER.decode(value)
        except msgspec.MsgspecError:
            continue
        is_recent = row.received_at - row.occurred_at < _OLD
        if row.channel in CHANNELS and taken[row.channel] < EACH and is_recent:
            taken[row.channel] += 1
            rows.append(row)
    return rows


_DECODER: Final = msgspec.json.Decoder(Row)
