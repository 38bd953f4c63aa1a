"""`throughline rejected list|show|replay`: what could not be accepted as an interaction, kept whole."""

import click

from schemas.fates import Reason
from schemas.settings import Loaded
from throughline.commands.replay import replay
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_record, print_rows
from throughline.reading import opened, query

_COLUMNS = [
    "reason",
    "source",
    "stage",
    "rejected",
    "replayed",
    "first_seen",
    "last_seen",
    "example_path",
    "example_detail",
    "example",
]


@click.group()
def rejected() -> None:
    """What could not be accepted, kept whole."""


rejected.add_command(replay)


@rejected.command("list")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), default=None)
@click.option("--source", default=None)
@click.option("--all", "everything", is_flag=True, help="Also groups of which all were replayed.")
@with_json
@with_settings
def list_(*, loaded: Loaded, reason: str | None, source: str | None, everything: bool, as_json: bool) -> None:
    """Counts by reason and source, each with one example that was not replayed yet."""
    with opened(loaded.settings) as client:
        rows = query(client, "rejected_list", {"reason": reason or "", "source": source or "", "all": int(everything)})
    print_rows(rows, _COLUMNS, as_json=as_json)


@rejected.command()
@click.argument("rejected_id", type=click.UUID)
@with_json
@with_settings
def show(*, loaded: Loaded, rejected_id: object, as_json: bool) -> None:
    """One of them, whole: REJECTED_ID is the `example` of the list."""
    with opened(loaded.settings) as client:
        rows = query(client, "rejected_show", {"rejected_id": str(rejected_id)})
    if not rows:
        msg = f"no rejected record has the id {rejected_id}"
        raise Failed(msg)
    print_record(rows[0], as_json=as_json)
