"""`throughline explain A [B]`: why identifiers are one customer, or why not."""

import sys
from collections.abc import Sequence

import click

from schemas.settings import Loaded
from sinks.clickhouse.client import ClickHouse
from throughline.identity.explain import Explanation, explain_one, explain_two
from throughline.identity.facts import Facts, rules_in_force
from throughline.identity.gather import gather
from throughline.identity.named import identifiers_of
from throughline.identity.render import Seen, document, evidence_of, lines
from throughline.options import with_json, with_settings
from throughline.output import print_json
from throughline.reading import opened


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="[B]", required=False)
@click.option("--tenant", default="default", show_default=True)
@with_json
@with_settings
def explain(*, loaded: Loaded, one: str, other: str | None, tenant: str, as_json: bool) -> None:
    """Why A and B are one customer, or why not; of A alone, what made its profile.

    A and B are kind:value (email:ada@example.com) or a profile's id, which stands for its strongest identifier.

    One customer: the path of evidence from A to B, each step with its class (an operator's word, account, contact or
    device facts), its time, and the interaction or the command behind it. Not one: the rule that keeps them apart, and
    the evidence on both sides.

    Exit status 0 when they are one customer, 1 when they are not or nothing is known of one of them.
    """
    names = [one] if other is None else [one, other]
    with opened(loaded.settings) as client:
        told, seen = explained(client, tenant, names, region=loaded.settings.identity.default_region)
    if as_json:
        print_json([document(told, tenant, seen)])
    else:
        click.echo("\n".join(lines(told, seen)))
    if not told.one:
        sys.exit(1)


def explained(client: ClickHouse, tenant: str, names: Sequence[str], *, region: str) -> tuple[Explanation, Seen]:
    """Why one or two names are whose they are, and the interactions that this rests on.

    Raises:
        click.BadParameter: a name is in no form that is known.
        Failed: nothing is known of one.
    """
    shelf = Facts(client, tenant)
    rules, _ = rules_in_force(client)
    one, *others = identifiers_of(shelf, rules, tenant, names, region=region)
    world = gather(shelf, tenant, [one, *others], rules)
    told = explain_two(world, one, others[0]) if others else explain_one(world, one)
    return told, shelf.interactions(evidence_of(told))
