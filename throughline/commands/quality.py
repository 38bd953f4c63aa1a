"""`throughline quality [SOURCE]`: data quality by source."""

import click

from schemas.settings import Loaded
from throughline.options import with_json, with_settings
from throughline.output import print_rows
from throughline.reading import opened, query

_COLUMNS = [
    "source", "channel", "interactions", "with_strong_identifier", "with_name", "with_text", "with_conversation",
    "median_delay_s", "p99_delay_s", "duplicates", "rejected",
]  # fmt: skip


@click.command()
@click.argument("source", default="")
@with_json
@with_settings
def quality(*, loaded: Loaded, source: str, as_json: bool) -> None:
    """How complete and how late what each source sends is, with its duplicates and rejected."""
    with opened(loaded.settings) as client:
        rows = query(client, "quality", {"source": source})
    print_rows(rows, _COLUMNS, as_json=as_json)
