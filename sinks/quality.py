"""What each source sends just now, as metrics, for alarms on a sudden change; data_quality tells it in full."""

import threading
from importlib.resources import files
from typing import Final

from schemas.telemetry import Metrics, logger
from sinks.clickhouse.client import ClickHouse
from sinks.errors import FatalError, TransientError

EVERY_S: Final = 60.0
EMBEDDED_S: Final = 10.0  # small, and somebody is looking
LEAVE_S: Final = 1.0
_AMOUNTS: Final = ("source", "interactions", "delay_s")  # all other columns are shares of a field


class Quality:
    """Asks ClickHouse again and again, in a thread of its own. Every sink tells the same: take max() over instances."""

    def __init__(self, client: ClickHouse, metrics: Metrics, every_s: float = EVERY_S) -> None:
        self._client = client
        self._metrics = metrics
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quality", daemon=True)
        self._text = (files("sinks.clickhouse.queries") / "quality_now.sql").read_text()

    def start(self) -> None:
        """Begin with a look at once, so that a restart leaves no gap."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a query that is under way is left behind."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except (TransientError, FatalError) as error:
                logger().warning("quality_not_read", error=str(error))
            self._stop.wait(self._every_s)

    def look(self) -> None:
        """Ask once. A source that sent nothing has no values.

        Raises:
            TransientError, FatalError: ClickHouse is away, or refuses.
        """
        found = self._client.query(self._text)
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        self._metrics.quality_share.clear()
        self._metrics.quality_interactions.clear()
        self._metrics.quality_delay.clear()
        for row in rows:
            source = str(row["source"])
            self._metrics.quality_interactions.labels(source).set(row["interactions"])
            self._metrics.quality_delay.labels(source).set(row["delay_s"])
            for field, share in row.items():
                if field not in _AMOUNTS:
                    self._metrics.quality_share.labels(source, field).set(share)
