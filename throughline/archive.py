"""All evidence as ClickHouse keeps it: what the resolver's stores are filled anew from."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from schemas.evidence import Evidence
from schemas.settings import Settings
from sinks.clickhouse.client import ClickHouse
from stream_processors.resolver.rebuild import ArchiveError
from throughline.failures import Failed
from throughline.identity.facts import Facts, tenants
from throughline.reading import opened, query, stream

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class EvidenceArchive:
    """Implements `stream_processors.resolver.rebuild.Archive`. Every call may raise ArchiveError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def generation(self) -> int:
        """The highest generation of any row; 0: there is none."""
        with self._opened() as client:
            return int(query(client, "archive_generation", {})[0]["generation"])

    def rules(self) -> bytes | None:
        """The latest rules, as JSON; None: none were ever told."""
        with self._opened() as client:
            rows = query(client, "rules_in_force", {})
            return str(rows[0]["rules"]).encode() if rows else None

    def tenants(self) -> list[str]:
        """Whose evidence there is."""
        with self._opened() as client:
            return tenants(client)

    def facts(self, tenant: str) -> Iterator[Evidence]:
        """All facts of a tenant but rules."""
        with self._opened() as client:
            for page in Facts(client, tenant).all():
                yield from page
            yield from self._traits(client, tenant)

    def _traits(self, client: ClickHouse, tenant: str) -> Iterator[Evidence]:
        for rows in stream(client, "archive_traits", {"tenant": tenant}):
            for row in rows:
                yield Evidence(
                    tenant,
                    row["fact_id"],
                    "traits",
                    _EPOCH + timedelta(milliseconds=row["at_ms"]),
                    tuple(row["left"]),
                    event_id=row["event_id"],
                    source=row["source"],
                    traits=msgspec.Raw(row["traits"].encode()),
                )

    @contextmanager
    def _opened(self) -> Iterator[ClickHouse]:
        try:
            with opened(self._settings) as client:
                yield client
        except Failed as error:
            raise ArchiveError(str(error)) from None
