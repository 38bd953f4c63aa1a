"""`throughline resolve`: one part, and the rebuild of its stores."""

from functools import partial

import click

from schemas.settings import Loaded, Settings
from stream_processors.resolve import main
from stream_processors.resolver.rebuild import Archive, is_incomplete
from throughline.archive import EvidenceArchive
from throughline.commands.parts import part_options, run_part


@click.command("resolve")
@click.option("--rebuild", is_flag=True, help="Fill the stores anew first, from the evidence in ClickHouse.")
@part_options
def resolve(*, loaded: Loaded, rebuild: bool, supervised: tuple[int, int] | None, log_level: str) -> None:
    """Join identifiers to customers, from the evidence."""
    archive = archive_for(loaded.settings, rebuild=rebuild)
    run_part("resolve", loaded, supervised, log_level, partial(main, archive=archive))


def archive_for(settings: Settings, *, rebuild: bool) -> Archive | None:
    """What to fill the stores from before anything else; None: they go on as they are.

    The topic of the embedded broker begins anew with each start, so a store that is not there is filled unasked.
    """
    if rebuild or (settings.kafka.is_embedded and is_incomplete(settings)):
        return EvidenceArchive(settings)
    return None
