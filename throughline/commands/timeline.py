"""`throughline timeline IDENTIFIER...`: what happened with a customer, oldest first."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import click

from schemas.interaction import CHANNELS, TYPES
from schemas.settings import Loaded
from sinks.clickhouse.client import ClickHouse
from throughline.options import Moment, with_json, with_settings
from throughline.output import print_rows
from throughline.reading import opened, query
from throughline.whose import Customer, customers

COLUMNS: Final = ["occurred_at", "channel", "type", "name", "direction", "what", "source"]
LIMIT: Final = 100


@click.command()
@click.argument("identifiers", metavar="IDENTIFIER...", nargs=-1, required=True)
@click.option("--tenant", default="default", show_default=True)
@click.option("--since", type=Moment(), default=None, help="From this time on.")
@click.option("--until", type=Moment(), default=None, help="Before this time.")
@click.option("--channel", type=click.Choice(CHANNELS), default=None)
@click.option("--type", "kind", type=click.Choice(TYPES), default=None)
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=LIMIT, show_default=True, help="The latest so many."
)
@with_json
@with_settings
def timeline(
    *,
    loaded: Loaded,
    identifiers: tuple[str, ...],
    tenant: str,
    since: datetime | None,
    until: datetime | None,
    channel: str | None,
    kind: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """A customer's interactions, oldest first, by any of the customer's identifiers.

    IDENTIFIER is kind:value (email:ada@example.com) or a profile's id, of now or of once. Several name several
    customers. An identifier that is nobody's now shows only what is nobody's: `throughline customer` names who has a
    claim on it.
    """
    with opened(loaded.settings) as client:
        whose = customers(client, tenant, identifiers, loaded.settings.identity.default_region)
        rows = interactions(
            client, tenant, whose, since=since, until=until, channel=channel, kind=kind, limit=limit, whole=as_json
        )
    print_timeline(rows, as_json=as_json)


def interactions(
    client: ClickHouse,
    tenant: str,
    whose: Sequence[Customer],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    channel: str | None = None,
    kind: str | None = None,
    limit: int = LIMIT,
    whole: bool = True,
) -> list[dict[str, Any]]:
    """The latest `limit` interactions of some customers from `since` to before `until`, oldest first; a dict a row.

    `channel` and `kind` (its type): only those. Not `whole`: only what is printed for people.
    """
    wanted = {"since": since, "until": until, "channel": channel, "type": kind, "limit": limit}
    given = {name: value for name, value in wanted.items() if value is not None}
    rows = [row for one in whose for row in query(client, "timeline", {**given, **_of(one, tenant, whole=whole)})]
    return sorted(rows, key=lambda row: (row["occurred_at"], row["event_id"]))[-limit:]


def _of(one: Customer, tenant: str, *, whole: bool) -> dict[str, Any]:
    return {name: value for name, value in one.as_parameters(tenant).items() if whole or name != "profile"}


def print_timeline(rows: list[dict[str, Any]], *, as_json: bool, title: str | None = None) -> None:
    """Print interactions; for people, what each was about in one column."""
    print_rows(rows if as_json else [{**row, "what": gist(row)} for row in rows], COLUMNS, as_json=as_json, title=title)


def gist(row: dict[str, Any]) -> str:
    """What an interaction was about, in a line."""
    parts = []
    if row.get("amount") is not None:
        parts.append(f"{Decimal(row['amount']).normalize():f} {row.get('currency') or ''}".strip())
    if row.get("duration_s") is not None:
        parts.append(f"{row['duration_s']:g} s")
    if row.get("text"):
        text = " ".join(str(row["text"]).split())
        parts.append(text if len(text) <= 60 else text[:59] + "…")  # noqa: PLR2004  what fits beside the other columns
    return ", ".join(parts)
