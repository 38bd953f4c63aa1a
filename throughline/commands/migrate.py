"""`throughline migrate`: ClickHouse's schema."""

import click

from schemas.settings import Loaded
from sinks.clickhouse.migrate import migrate as apply
from throughline.options import with_settings
from throughline.reading import opened


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what would be applied.")
@with_settings
def migrate(*, loaded: Loaded, dry_run: bool) -> None:
    """Bring ClickHouse's tables and views up to this version; repeatable."""
    with opened(loaded.settings) as client:
        applied = apply(client, dry_run=dry_run)
    for name in applied:
        click.echo(name)
    click.echo(f"{len(applied)} migrations {'to apply' if dry_run else 'applied'}", err=True)
