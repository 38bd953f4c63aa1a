"""`throughline customer IDENTIFIER...`: who a customer is."""

import click

from schemas.settings import Loaded
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_record
from throughline.reading import opened, query, wanted


@click.command()
@click.argument("identifiers", metavar="IDENTIFIER...", nargs=-1, required=True)
@click.option("--tenant", default="default", show_default=True)
@with_json
@with_settings
def customer(*, loaded: Loaded, identifiers: tuple[str, ...], tenant: str, as_json: bool) -> None:
    """Identifiers, traits, channels, first and last seen; exit status 1 when nothing is known."""
    with opened(loaded.settings) as client:
        whose = wanted(client, tenant, identifiers, loaded.settings.identity.default_region)
        parameters = {"tenant": tenant, "subjects": whose.subjects, "identifiers": whose.identifiers}
        found = query(client, "customer", parameters)
        traits: dict[str, object] = {}
        for row in query(client, "customer_traits", parameters):
            traits |= row["traits"]
    if not found:
        msg = f"nothing is known of {', '.join(identifiers)} in tenant {tenant}"
        raise Failed(msg)
    print_record({"tenant": tenant, **found[0], "traits": traits}, as_json=as_json)
