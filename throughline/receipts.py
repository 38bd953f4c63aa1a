"""Receipts from ClickHouse: what is stored, a copy, or rejected under an event id; for the intake, which cannot ask."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from producers import serve
from producers.receipts import UnavailableError
from schemas.settings import EMBEDDED, Settings
from schemas.telemetry import Metrics
from sinks.clickhouse.client import ClickHouse, connect
from sinks.errors import FatalError, TransientError
from throughline.reading import query

ANSWER_S: Final = 3  # of ClickHouse, to one question
_FATES: Final = ("stored", "duplicate", "rejected")  # what tells most about an id comes first
_POSITION: Final = ("topic", "topic_id", "partition", "offset")


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:
    """`throughline serve`: the intake, with receipts of what is stored.

    Raises:
        ConfigurationError: as `producers.serve.main`.
    """
    url = settings.clickhouse.url
    return serve.main(settings, metrics, ready, None if url == EMBEDDED else StoredReceipts(url))


class StoredReceipts:
    """Implements `producers.receipts.Read`. Safe between threads; connects when first asked."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: ClickHouse | None = None
        self._lock = threading.Lock()

    def __call__(self, tenant: str, event_id: UUID) -> dict[str, Any] | None:
        """What is known of the id in this tenant; None: nothing.

        Raises:
            UnavailableError: ClickHouse is away, or has not this program's schema.
        """
        try:
            client = self._connected()
            rows = query(client, "receipt", {"tenant": tenant, "event_id": str(event_id)})
            told = _told(rows)
            if told is not None and told["status"] == "stored":
                told["profile_id"] = self._profile(client, tenant, event_id, rows)
        except (TransientError, FatalError):
            raise UnavailableError("ClickHouse cannot be asked at the moment") from None
        return told

    def _connected(self) -> ClickHouse:
        with self._lock:
            if self._client is None:
                self._client = connect(self._url, answer_s=ANSWER_S)
            return self._client

    def _profile(
        self, client: ClickHouse, tenant: str, event_id: UUID, rows: Sequence[Mapping[str, Any]]
    ) -> str | None:
        """Whose it is now."""
        [stored] = [row for row in rows if row["fate"] == "stored"]
        where = {"tenant": tenant, "event_id": str(event_id)}
        where |= {"subject": stored["subject"], "occurred_at": stored["occurred_at_ms"]}
        found = query(client, "receipt_profile", where)
        return str(found[0]["profile_id"]) if found else None


def _told(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The receipt: the status of the id, and each row that there is of it. Nothing in it names a person."""
    by_fate = {fate: [row for row in rows if row["fate"] == fate] for fate in _FATES}
    status = next((fate for fate in _FATES if by_fate[fate]), None)
    if status is None:
        return None
    first = by_fate[status][0]
    told: dict[str, Any] = {name: first[name] or None for name in ("message_id", "source", "channel")}
    told["status"] = status
    if status == "stored":
        told |= {"received_at": first["received_at"], "stored_at": first["stored_at"], "position": _position(first)}
    if status == "duplicate":
        told["duplicate_of"] = _position(first, "first_")
    if status == "rejected":
        told |= {name: first[name] for name in ("reason", "detail", "path") if first[name]}
    told["duplicates"] = [
        {"received_at": row["received_at"], "position": _position(row), "duplicate_of": _position(row, "first_")}
        for row in by_fate["duplicate"]
    ]
    members = ("rejected_id", "stage", "reason", "detail", "path", "received_at")
    told["rejected"] = [{name: row[name] for name in members if row[name]} for row in by_fate["rejected"]]
    return told


def _position(row: Mapping[str, Any], prefix: str = "raw_") -> dict[str, Any]:
    return {name: row[prefix + name] for name in _POSITION}
