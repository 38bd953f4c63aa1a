"""`throughline quality [SOURCE]`: data quality by source and field."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from schemas.settings import Loaded
from throughline.options import Moment, with_json, with_settings
from throughline.output import print_json, print_rows
from throughline.reading import opened, query

_DAY: Final = timedelta(days=1)
_FIRST: Final = ("source", "fields")  # the heading; and what is printed a line a field


@click.command()
@click.argument("source", default="")
@click.option("--since", type=Moment(), default=None, help="Received from this hour on; the last 24 hours by default.")
@click.option("--tenant", default="", help="Of one tenant; all by default.")
@with_json
@with_settings
def quality(*, loaded: Loaded, source: str, since: datetime | None, tenant: str, as_json: bool) -> None:
    """How complete, correct and timely what each source sends is; the view data_quality has it by hour."""
    asked = {"source": source, "tenant": tenant, "since": (since or datetime.now(UTC) - _DAY).astimezone(UTC)}
    with opened(loaded.settings) as client:
        rows = query(client, "quality", asked)
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(_lines(rows), ["", *(str(row["source"]) for row in rows)], as_json=False)
    else:
        click.echo("nothing was received in that time", err=True)


def _lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    """A line a measure, a column a source."""
    for name in rows[0]:
        if name not in _FIRST:
            yield {"": name, **{str(row["source"]): row[name] for row in rows}}
    for field in sorted({field for row in rows for field in row["fields"]}):
        yield {"": f"with {field}", **{str(row["source"]): row["fields"].get(field) for row in rows}}
