"""`throughline import FILE --source NAME`: a file as deliveries."""

import sys
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from producers.intake.files import ImportFailedError, Summary, main
from producers.intake.files import Progress as Step
from producers.intake.framing import UnreadableFileError
from schemas.settings import Loaded
from schemas.telemetry import Metrics, configure_logging
from throughline.embedded.broker import reachable
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_json


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--source", required=True, help="A source whose adapter reads files: jsonl or csv.")
@with_json
@with_settings
def import_(*, loaded: Loaded, file: Path, source: str, as_json: bool) -> None:
    """Import a file, with progress; run it again and it resumes where it stopped. `-` reads stdin.

    Exit status 1 when records were lost or it was stopped before the end.
    """
    configure_logging("import", level="warning")
    settings = loaded.settings.model_copy(update={"kafka": reachable(loaded.settings)})
    with ExitStack() as screen:
        show = _Screen(screen.enter_context(_progress())) if sys.stderr.isatty() else None
        try:
            summary = main(settings, Metrics(), file, source, show or _silent)
        except (ImportFailedError, UnreadableFileError) as error:
            raise Failed(str(error)) from None
    _report(summary, as_json=as_json)
    if summary.lost_count or not summary.finished:
        msg = f"{summary.lost_count} records lost" if summary.finished else "stopped before the end; run it again"
        raise Failed(msg)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


class _Screen:
    """A progress bar on stderr."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("importing", total=None)

    def __call__(self, step: Step) -> None:
        what = step.waiting or f"{step.accepted} accepted, {step.rejected} rejected"
        self._progress.update(self._task, total=step.total, completed=step.done, description=what)


def _silent(_: Step) -> None:
    """Nobody watches."""


def _report(summary: Summary, *, as_json: bool) -> None:
    if as_json:
        names = ("accepted", "rejected", "lost_count", "resumed_at", "changed", "finished")
        print_json([{name: getattr(summary, name) for name in names}])
        return
    if summary.changed:
        click.echo("the file has changed since the last run: begun anew", err=True)
    elif summary.resumed_at:
        click.echo(f"resumed at line {summary.resumed_at}", err=True)
    for record in summary.lost:
        click.echo(f"lost: {record}", err=True)
    click.echo(f"{summary.accepted} accepted, {summary.rejected} rejected (throughline rejected list)")
