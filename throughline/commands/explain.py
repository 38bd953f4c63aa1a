"""`throughline explain A [B]`: why identifiers are one customer, or why not."""

import sys

import click

from schemas.settings import Loaded
from throughline.identity.explain import explain_one, explain_two
from throughline.identity.facts import Facts, rules_in_force
from throughline.identity.gather import gather
from throughline.identity.named import identifiers_of
from throughline.identity.render import document, evidence_of, lines
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
    with opened(loaded.settings) as client:
        shelf = Facts(client, tenant)
        rules, _ = rules_in_force(client)
        region = loaded.settings.identity.default_region
        names = identifiers_of(shelf, rules, tenant, [one] if other is None else [one, other], region=region)
        world = gather(shelf, tenant, names, rules)
        told = explain_one(world, names[0]) if other is None else explain_two(world, names[0], names[1])
        seen = shelf.interactions(evidence_of(told))
    if as_json:
        print_json([document(told, tenant, seen)])
    else:
        click.echo("\n".join(lines(told, seen)))
    if not told.one:
        sys.exit(1)
