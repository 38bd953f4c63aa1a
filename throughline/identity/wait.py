"""Wait until what was published is in force: the evidence is stored, and the map says what follows from it."""

import time
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from schemas.identity import BEGIN, END, Range, Rules
from schemas.ids import profile_id
from sinks.clickhouse.client import ClickHouse
from throughline.identity.facts import Facts, pieces
from throughline.identity.gather import gather
from throughline.reading import query

PAUSE_S: Final = 0.3


def wait_until_mapped(
    client: ClickHouse, tenant: str, rules: Rules, *, facts: Iterable[UUID], identifiers: Iterable[str], within_s: float
) -> bool:
    """Whether within so many seconds the facts are stored, and the map has the owners that the evidence gives.

    The evidence is judged anew at every look, since others go on to write some.
    """
    wanted, names = list(facts), sorted(identifiers)
    deadline = time.monotonic() + within_s
    shelf = Facts(client, tenant)
    while True:
        if len(shelf.stored(wanted)) == len(set(wanted)):
            world = gather(shelf, tenant, names, rules)
            mapped = map_rows(client, tenant, names)
            if all(mapped[name] == world.ranges(name) for name in names):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_S)


def map_rows(client: ClickHouse, tenant: str, identifiers: Iterable[str]) -> dict[str, list[Range]]:
    """Whose identifiers are and were, as the map has it; who has no row is his own."""
    names = list(identifiers)
    found = {name: [Range(BEGIN, END, profile_id(tenant, name), "own")] for name in names}
    for some in pieces(names):
        for row in query(client, "map_rows", {"tenant": tenant, "identifiers": some}):
            columns = (row["since"], row["until"], row["profile"], row["state"])
            if ranges := [Range(*parts) for parts in zip(*columns, strict=True)]:
                found[row["subject"]] = ranges
    return found
