"""All evidence as ClickHouse keeps it: what the resolver's stores are filled anew from."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from schemas.evidence import Evidence
from schemas.settings import Settings
from sinks.clickhouse.client import ClickHouse
from stream_processors.resolver.rebuild import ArchiveError
from throughline.failures import Failed
from throughline.reading import opened, query

_PAGE: Final = 20_000  # facts
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class EvidenceArchive:
    """Implements `stream_processors.resolver.rebuild.Archive`. Every call may raise ArchiveError."""

    def __init__(self, settings: Settings, page: int = _PAGE) -> None:
        """`page`: facts that are read at once."""
        self._settings = settings
        self._page = page

    def generation(self) -> int:
        """The highest generation of any row; 0: there is none."""
        with self._opened() as client:
            return int(query(client, "archive_generation", {})[0]["generation"])

    def rules(self) -> bytes | None:
        """The latest rules, as JSON; None: none were ever told."""
        with self._opened() as client:
            rows = query(client, "archive_rules", {})
            return str(rows[0]["rules"]).encode() if rows else None

    def tenants(self) -> list[str]:
        """Whose evidence there is."""
        with self._opened() as client:
            return [str(row["tenant"]) for row in query(client, "archive_tenants", {})]

    def facts(self, tenant: str) -> Iterator[Evidence]:
        """All facts of a tenant, in the order of their ids."""
        after = UUID(int=0)
        while True:
            with self._opened() as client:
                asked = {"tenant": tenant, "after": str(after), "limit": self._page}
                rows = query(client, "archive_facts", asked)
            if not rows:
                return
            yield from (_fact(tenant, row) for row in rows)
            after = rows[-1]["fact_id"]

    @contextmanager
    def _opened(self) -> Iterator[ClickHouse]:
        try:
            with opened(self._settings) as client:
                yield client
        except Failed as error:
            raise ArchiveError(str(error)) from None


def _fact(tenant: str, row: Mapping[str, Any]) -> Evidence:
    return Evidence(
        tenant=tenant,
        fact_id=row["fact_id"],
        fact=row["fact"],
        at=_EPOCH + timedelta(milliseconds=row["at_ms"]),
        left=tuple(row["left"]),
        right=tuple(row["right"]),
        event_id=row["event_id"],
        source=row["source"],
        traits=msgspec.Raw(row["traits"].encode() if row["fact"] == "traits" else b""),
        target=row["target"],
        target_fact=row["target_fact"],
        command_id=row["command_id"],
        command=row["command"],
        author=row["author"],
        reason=row["reason"],
    )
