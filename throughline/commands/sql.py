"""`throughline sql QUERY`: any query."""

import sys

import click

from schemas.settings import Loaded
from throughline.options import with_json, with_settings
from throughline.output import cell, print_rows
from throughline.reading import opened


@click.command(context_settings={"ignore_unknown_options": True})  # a query may begin with a comment: `-- ...`
@click.argument("query")
@with_json
@with_settings
def sql(*, loaded: Loaded, query: str, as_json: bool) -> None:
    """Any query: a table on a terminal, tab-separated lines under their names elsewhere. `-` reads it from stdin."""
    with opened(loaded.settings) as client:
        found = client.query(sys.stdin.read() if query == "-" else query)
    if as_json or sys.stdout.isatty():
        print_rows((dict(zip(found.columns, row, strict=True)) for row in found.rows), found.columns, as_json=as_json)
        return
    for line in [found.columns, *found.rows]:
        click.echo("\t".join(cell(value).replace("\t", "\\t").replace("\n", "\\n") for value in line))
