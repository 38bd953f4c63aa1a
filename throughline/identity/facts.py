"""Evidence as ClickHouse keeps it, read back as the facts that it was."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from schemas.evidence import Evidence
from schemas.identity import Rules
from sinks.clickhouse.client import ClickHouse
from throughline.identity.gather import Links
from throughline.reading import query, stream

_BYTES: Final = 12_000  # of identifiers in one question: parameters travel in the address of the request
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Facts:
    """The evidence of one tenant."""

    def __init__(self, client: ClickHouse, tenant: str) -> None:
        self._client = client
        self._tenant = tenant

    def links(self, identifiers: Sequence[str], limit: int, shared: Sequence[str]) -> Links:
        """The earliest links of each identifier: `limit` to identifiers of the `shared` kinds, `limit` to others."""
        found: dict[UUID, Evidence] = {}
        counts: dict[tuple[str, bool], int] = {}
        for some in pieces(identifiers):
            for row in self._ask("facts_links", identifiers=some, limit=limit, shared=list(shared)):
                fact = self._fact(row)
                found[fact.fact_id] = fact
                end = (str(row["named"]), bool(row["to_shared"]))
                counts[end] = counts.get(end, 0) + 1
        return Links(list(found.values()), frozenset(end for end, count in counts.items() if count >= limit))

    def commands(self, identifiers: Sequence[str]) -> list[Evidence]:
        """All that operators said of some identifiers."""
        rows = (row for some in pieces(identifiers) for row in self._ask("facts_commands", identifiers=some))
        return list({fact.fact_id: fact for fact in map(self._fact, rows)}.values())

    def by_id(self, ids: Sequence[UUID]) -> list[Evidence]:
        """Facts with one of these ids, or of a command with one."""
        return [self._fact(row) for row in self._ask("facts_by_id", ids=[str(one) for one in ids])]

    def all(self) -> Iterator[list[Evidence]]:
        """All links and commands, a block of rows at a time."""
        for rows in stream(self._client, "facts_all", {"tenant": self._tenant}):
            yield [self._fact(row) for row in rows]

    def known(self, identifiers: Sequence[str]) -> set[str]:
        """Those that an interaction is filed under, or that a fact names."""
        asked = (self._ask("subjects_known", identifiers=some) for some in pieces(identifiers))
        return {str(row["identifier"]) for rows in asked for row in rows}

    def ever_of(self, profile: UUID) -> list[str]:
        """The identifiers that a profile has or ever had."""
        return [str(row["subject"]) for row in self._ask("subjects_of_profile_ever", profile=str(profile))]

    def stored(self, ids: Sequence[UUID]) -> set[UUID]:
        """Those of some facts that are stored."""
        asked = (self._ask("facts_stored", ids=some) for some in pieces([str(one) for one in ids]))
        return {row["fact_id"] for rows in asked for row in rows}

    def interactions(self, facts: Sequence[Evidence]) -> dict[UUID, Mapping[str, Any]]:
        """channel, type and name of the interactions that showed some links, by event_id."""
        shown = [fact for fact in facts if fact.event_id is not None]
        subjects = {identifier for fact in shown for identifier in (*fact.left, *fact.right)}
        found: dict[UUID, Mapping[str, Any]] = {}
        for some in pieces(sorted(subjects)):
            names = set(some)
            ids = [str(fact.event_id) for fact in shown if names & {*fact.left, *fact.right}]
            for row in self._ask("interactions_seen", subjects=some, ids=ids):
                found[UUID(row.pop("event_id"))] = row
        return found

    def _ask(self, name: str, **parameters: object) -> list[dict[str, Any]]:
        return query(self._client, name, {"tenant": self._tenant, **parameters})

    def _fact(self, row: Mapping[str, Any]) -> Evidence:
        return Evidence(
            tenant=self._tenant,
            fact_id=row["fact_id"],
            fact=row["fact"],
            at=_EPOCH + timedelta(milliseconds=row["at_ms"]),
            left=tuple(row["left"]),
            right=tuple(row["right"]),
            event_id=row["event_id"],
            source=row["source"],
            target=row["target"],
            target_fact=row["target_fact"],
            command_id=row["command_id"],
            command=row["command"],
            author=row["author"],
            reason=row["reason"],
        )


def rules_in_force(client: ClickHouse) -> tuple[Rules, int]:
    """The latest rules and since when they hold, in milliseconds; those that come with Throughline, since 0."""
    rows = query(client, "rules_in_force", {})
    if not rows:
        return Rules(), 0
    return Rules.from_document(orjson.loads(rows[0]["rules"])), int(rows[0]["at_ms"])


def tenants(client: ClickHouse) -> list[str]:
    """Whose customers there is evidence of."""
    return [str(row["tenant"]) for row in query(client, "facts_tenants", {})]


def pieces(identifiers: Sequence[str]) -> Iterator[list[str]]:
    """Identifiers, or ids, as many at a time as one question can hold."""
    piece: list[str] = []
    size = 0
    for identifier in identifiers:
        if size > _BYTES:
            yield piece
            piece, size = [], 0
        piece.append(identifier)
        size += 3 * len(identifier.encode()) // 2 + 8
    if piece:
        yield piece
