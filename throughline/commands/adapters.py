"""`throughline adapters list|new|check`: the roll, and a way onto it."""

from pathlib import Path
from typing import get_args

import click

from producers.adapters import ROLL
from producers.conformance.suite import examine
from schemas.interaction import CHANNELS, Channel
from throughline.failures import Failed
from throughline.options import with_json
from throughline.output import print_rows
from throughline.scaffold import scaffold

_GOLDEN = Path("tests/golden")


@click.group()
def adapters() -> None:
    """The adapters."""


@adapters.command("list")
@with_json
def list_(*, as_json: bool) -> None:
    """The roll."""
    rows = (
        {"adapter": name, "channels": sorted(adapter.channels), "arrives by": adapter.intake}
        for name, adapter in ROLL.items()
    )
    print_rows(rows, ["adapter", "channels", "arrives by"], as_json=as_json)


@adapters.command()
@click.argument("name")
@click.option("--channel", type=click.Choice(get_args(Channel)), default=CHANNELS[0], show_default=True)
@click.option("--root", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path(), help="Checkout.")
def new(*, name: str, channel: Channel, root: Path) -> None:
    """Scaffold an adapter: its file, a folder of recorded deliveries, its test, its line on the roll."""
    for path in scaffold(root, name, channel):
        click.echo(path)


@adapters.command()
@click.argument("name", metavar="NAME", type=click.Choice(list(ROLL)))
@click.option("--golden", type=click.Path(path_type=Path, file_okay=False), default=_GOLDEN, show_default=True)
@click.option("--update", is_flag=True, help="First rewrite each expected.json to what the adapter says now.")
def check(*, name: str, golden: Path, update: bool) -> None:
    """Run the conformance suite on one adapter; exit status 1 when it finds something."""
    found = examine(ROLL[name], golden, update=update)
    for finding in found:
        click.echo(str(finding))
    if found:
        msg = f"{name} does not conform: {len(found)} findings"
        raise Failed(msg)
    click.echo(f"{name} conforms")
