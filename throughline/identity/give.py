"""Give a command: propose it, show what it changes, publish it, and wait until it is in force."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import click

from schemas.evidence import Evidence
from schemas.identity import milliseconds, moment
from schemas.settings import Settings
from sinks.clickhouse.client import ClickHouse
from throughline.embedded.broker import reachable
from throughline.failures import Failed
from throughline.identity.command import Command, Name, Proposal
from throughline.identity.compare import Change, Picture, changes, pictures
from throughline.identity.facts import Facts, rules_in_force
from throughline.identity.moved import interactions_moved
from throughline.identity.named import identifiers_of
from throughline.identity.outlook import Outlook
from throughline.identity.publish import publish
from throughline.identity.wait import wait_until_mapped
from throughline.output import print_json, print_rows
from throughline.reading import opened


@dataclass(frozen=True, slots=True)
class Order:
    """How a command is to be given.

    Attributes:
        wait_s: how long to wait until it is in force; 0: not at all.
    """

    settings: Settings
    tenant: str
    author: str
    reason: str
    dry_run: bool
    wait_s: float
    as_json: bool


def give(order: Order, name: Name, identifiers: Sequence[str], propose: Callable[..., Proposal], *more: str) -> None:
    """Give a command that names identifiers; `propose(command, outlook, *identifiers)`; `more`: what else it was given.

    Raises:
        Failed: something stands against it, and nothing has changed; or it was published and is not yet in force.
    """
    with opened(order.settings) as client:
        shelf = Facts(client, order.tenant)
        rules, _ = rules_in_force(client)
        region = order.settings.identity.default_region
        names = identifiers_of(shelf, rules, order.tenant, identifiers, region=region)
        command = _command(order, name, (*names, *more))
        outlook = Outlook(shelf, order.tenant, rules, names)
        _carry_out(client, order, command, propose(command, outlook, *names))


def give_on_facts(order: Order, name: Name, wanted: UUID, propose: Callable[..., Proposal]) -> None:
    """Give a command that names a fact or a command; `propose(command, outlook, wanted, facts)`.

    Raises:
        Failed: as `give`.
    """
    with opened(order.settings) as client:
        shelf = Facts(client, order.tenant)
        rules, _ = rules_in_force(client)
        targets = shelf.by_id([wanted])
        command = _command(order, name, (str(wanted),))
        start = {one for fact in targets for one in (*fact.left, *fact.right)}
        outlook = Outlook(shelf, order.tenant, rules, start)
        _carry_out(client, order, command, propose(command, outlook, wanted, targets))


def _command(order: Order, name: Name, words: tuple[str, ...]) -> Command:
    return Command(name, order.tenant, time.time_ns() // 1_000_000, order.author, order.reason, words)


def _carry_out(client: ClickHouse, order: Order, command: Command, proposal: Proposal) -> None:
    named = {one for fact in proposal.facts for one in (*fact.left, *fact.right)}
    concerned = proposal.before.inside & proposal.after.inside
    found = changes(concerned, proposal.before.ranges, proposal.after.ranges)
    counts = interactions_moved(client, order.tenant, [move for change in found for move in change.moves])
    in_force: bool | None = None
    if not order.dry_run:
        publish(reachable(order.settings), proposal.facts)
        if order.wait_s:
            touched = named | {name for change in found for name in change.identifiers}
            ids = [fact.fact_id for fact in proposal.facts]
            in_force = wait_until_mapped(
                client,
                order.tenant,
                proposal.after.rules,
                facts=ids,
                identifiers=touched & concerned,
                within_s=order.wait_s,
            )
    told = _document(order, command, proposal, found, named & concerned)
    told |= {"interactions_moved": sum(counts), "in_force": in_force}
    if order.as_json:
        print_json([told])
    else:
        _print(order, command, told)
    if in_force is False:
        msg = f"published, and not in force after {order.wait_s:g} s: do `resolve` and `sink` run? (throughline status)"
        raise Failed(msg)


def _document(
    order: Order, command: Command, proposal: Proposal, found: Sequence[Change], named: set[str]
) -> dict[str, Any]:
    before = [picture for change in found for picture in change.before]
    after = [picture for change in found for picture in change.after]
    if not found:
        before = pictures(named, proposal.before.ranges)
        after = pictures(named, proposal.after.ranges)
    return {
        "tenant": order.tenant,
        "command": command.name,
        "command_id": str(command.command_id),
        "at": moment(command.at),
        "author": order.author,
        "reason": order.reason,
        "dry_run": order.dry_run,
        "facts": [_fact(fact) for fact in proposal.facts],
        "before": [_picture(picture) for picture in before],
        "after": [_picture(picture) for picture in after],
    }


def _fact(fact: Evidence) -> dict[str, Any]:
    return {
        "fact_id": str(fact.fact_id),
        "fact": fact.fact,
        "at": moment(milliseconds(fact.at)),
        "left": list(fact.left),
        "right": list(fact.right),
        "target": str(fact.target) if fact.target else None,
    }


def _picture(picture: Picture) -> dict[str, Any]:
    return {"profile": str(picture.profile), "state": picture.state, "identifiers": list(picture.identifiers)}


def _print(order: Order, command: Command, told: dict[str, Any]) -> None:
    for side in ("before", "after"):
        print_rows(told[side], ["profile", "state", "identifiers"], as_json=False, title=side)
    for line in _lines(order, command, told):
        click.echo(line)


def _lines(order: Order, command: Command, told: dict[str, Any]) -> Iterator[str]:
    if order.dry_run:
        yield f"{told['interactions_moved']} interactions would move; nothing was changed"
        return
    yield f"{told['interactions_moved']} interactions {'moved' if told['in_force'] else 'move'}"
    yield f"{command.name} is command {command.command_id}; to take it back: throughline identity retract"
