"""`throughline customer IDENTIFIER...`: who a customer is."""

from typing import Any

import click
import orjson

from schemas.ids import profile_id
from schemas.settings import Loaded
from sinks.clickhouse.client import ClickHouse
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_record
from throughline.reading import opened, query
from throughline.whose import Customer, customers

Member = dict[str, Any]


@click.command()
@click.argument("identifiers", metavar="IDENTIFIER...", nargs=-1, required=True)
@click.option("--tenant", default="default", show_default=True)
@with_json
@with_settings
def customer(*, loaded: Loaded, identifiers: tuple[str, ...], tenant: str, as_json: bool) -> None:
    """Identifiers, traits, channels, first and last seen; exit status 1 when nothing is known.

    An identifier that is contested, or a hub, is nobody's now: its claimants are those who have its past, and those
    whom links name that a rule refused.
    """
    with opened(loaded.settings) as client:
        whose = customers(client, tenant, identifiers, loaded.settings.identity.default_region)
        found = [told for one in whose if (told := described(client, tenant, one))]
    if not found:
        msg = f"nothing is known of {', '.join(identifiers)} in tenant {tenant}"
        raise Failed(msg)
    for told in found:
        print_record(told if as_json else _for_people(told), as_json=as_json)


def described(client: ClickHouse, tenant: str, one: Customer) -> dict[str, Any] | None:
    """All that is known of a customer; None where that is nothing."""
    seen = query(client, "customer", one.as_parameters(tenant))
    resolved = query(client, "profile", {"tenant": tenant, "profile": one.profile_id})
    if not seen and not resolved:
        return None
    members = _members(seen, resolved)
    doubtful = query(client, "state_now", {"tenant": tenant, "identifiers": sorted({*members, one.name})})
    for row in doubtful:
        members.setdefault(row["identifier"], {})["state"] = row["state"]
    claimed = [row["identifier"] for row in doubtful if row["profile_id"] == one.profile_id]
    counted = seen[0] if seen else {}
    return {
        "tenant": tenant,
        "profile_id": str(one.profile_id),
        "identifiers": [{"identifier": name, **member} for name, member in sorted(members.items())],
        "traits": orjson.loads(resolved[0]["traits"]) if resolved else {},
        "channels": counted.get("channels", []),
        "interactions": counted.get("interactions", 0),
        "first_seen": counted.get("first_seen"),
        "last_seen": counted.get("last_seen"),
        "claimants": [row for name in claimed for row in _claimants(client, tenant, name)],
    }


def _claimants(client: ClickHouse, tenant: str, name: str) -> list[Member]:
    """Who has a claim on an identifier that is nobody's, and why."""
    rows = query(client, "claimants", {"tenant": tenant, "name": name})
    return [{**row, "profile_id": row["profile_id"] or profile_id(tenant, row["identifier"])} for row in rows]


def _members(seen: list[dict[str, Any]], resolved: list[dict[str, Any]]) -> dict[str, Member]:
    """By identifier: how and since when it is the customer's, and when interactions carried it."""
    members: dict[str, Member] = {}
    for row in resolved:
        for name, since, state in zip(row["identifiers"], row["since"], row["state"], strict=True):
            members[name] = {"state": state, "since": since}
    for row in seen:
        times = zip(row["identifiers"], row["identifiers_first_seen"], row["identifiers_last_seen"], strict=True)
        for name, first, last in times:
            members.setdefault(name, {}).update(first_seen=first, last_seen=last)
    return members


def _for_people(told: dict[str, Any]) -> dict[str, Any]:
    """The same with a line an identifier, trait and claimant."""
    lines = {
        "identifiers": [_line(one, "identifier", "state", "first_seen", "last_seen") for one in told["identifiers"]],
        "traits": [
            f"{name} = {said['value']}  ({said['source']}, {said['at']})" for name, said in told["traits"].items()
        ],
        "claimants": [_line(one, "profile_id", "why", "identifier", "since") for one in told["claimants"]],
    }
    return {**told, **{name: "\n".join(each) for name, each in lines.items()}}


def _line(member: Member, *names: str) -> str:
    return "  ".join(str(member[name]) for name in names if member.get(name) is not None)
