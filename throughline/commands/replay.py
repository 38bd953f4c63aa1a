"""`throughline rejected replay`: what was rejected, perhaps patched, goes through the front again."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from producers.connect import connected
from schemas.fates import Reason
from schemas.records import Rejected
from schemas.settings import Loaded, Settings
from schemas.telemetry import Metrics, configure_logging
from sinks.clickhouse.client import ClickHouse
from throughline.embedded.broker import reachable
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_json, print_rows
from throughline.reading import opened
from throughline.replay.choose import Choice, count, known, records
from throughline.replay.patch import Patch, PatchError, parse_patch
from throughline.replay.send import Sent, foretell, judged, publish, replayer_of

_BATCH = 200  # records that are sent at once
_COLUMNS = ["rejected_id", "verdict", "event_id", "reason", "path", "detail"]


class PatchType(click.ParamType):
    """A patch, as `throughline.replay.patch` reads it."""

    name = "patch"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Patch:
        """The patch; click's own error where it is none."""
        try:
            return value if isinstance(value, Patch) else parse_patch(str(value))
        except PatchError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("rejected_ids", type=click.UUID, nargs=-1)
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="All of this reason.")
@click.option("--source", help="All of this source.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="At most so many, oldest first."
)
@click.option(
    "--patch", "patches", type=PatchType(), multiple=True, help="path=value or del(path), in the body; repeatable."
)
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and the verdict on it; change nothing.")
@click.option("--all", "replayed", is_flag=True, help="Also what was replayed before.")
@click.option("--yes", is_flag=True, help="Do not ask whether so many are meant.")
@with_json
@with_settings
def replay(
    *,
    loaded: Loaded,
    rejected_ids: tuple[UUID, ...],
    reason: str | None,
    source: str | None,
    limit: int,
    patches: tuple[Patch, ...],
    dry_run: bool,
    replayed: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send rejected records again: REJECTED_IDS, or all of a reason or a source.

    They get the ids that they would have had, so replaying twice changes nothing: the second is a duplicate. Exit
    status 1 where one was rejected again or could not be sent.
    """
    if not (rejected_ids or reason or source):
        raise click.UsageError("name what to replay: ids, --reason or --source")
    configure_logging("replay", level="warning")
    choice = Choice(rejected_ids, reason or "", source or "", max(limit, len(rejected_ids)), replayed)
    with opened(loaded.settings) as client:
        chosen = count(client, choice)
        if (missing := len(set(rejected_ids)) - chosen) > 0:
            msg = f"{missing} of these ids are not in rejected, or not of that reason and source"
            raise Failed(msg)
        if not (rejected_ids or dry_run or yes):
            _confirm(chosen)
        verdicts = asyncio.run(
            _replay(loaded.settings, client, choice, patches, chosen, dry_run=dry_run, as_json=as_json)
        )
    _summarise(verdicts, dry_run=dry_run)


def _confirm(chosen: int) -> None:
    if not sys.stdin.isatty():
        msg = f"{chosen} rejected records are meant: say --yes, or see them with --dry-run"
        raise click.UsageError(msg)
    click.confirm(f"Send {chosen} rejected records again?", abort=True, err=True)


async def _replay(
    settings: Settings,
    client: ClickHouse,
    choice: Choice,
    patches: Sequence[Patch],
    chosen: int,
    *,
    dry_run: bool,
    as_json: bool,
) -> Counter[str]:
    replayer, verdicts = replayer_of(settings), Counter[str]()
    show = partial(_show, dry_run=dry_run, as_json=as_json)
    batches = _batches(client, choice)
    if dry_run:
        for batch in batches:
            sent = [judged(replayer, record, patches) for record in batch]
            ids = [str(receipt["event_id"]) for one in sent for receipt in one.receipts if receipt["event_id"]]
            foretell(sent, known(client, ids))
            verdicts.update(one.verdict for one in sent)
            show(sent)
        return verdicts
    failures: list[str] = []
    reached = settings.model_copy(update={"kafka": reachable(settings)})
    with ExitStack() as stack:
        async with connected(reached, Metrics(), failures.append, "replay") as kafka:
            await kafka.answered()
            screen = stack.enter_context(_progress()) if sys.stderr.isatty() else None
            task = screen.add_task("replaying", total=chosen) if screen else None
            while (batch := await asyncio.to_thread(_next, batches)) and not failures:
                sent = [judged(replayer, record, patches) for record in batch]
                await publish(kafka.publisher, sent, lambda why: click.echo(f"waiting: {why}", err=True))
                verdicts.update(one.verdict for one in sent)
                show(sent)
                if screen and task is not None:
                    screen.advance(task, len(sent))
    if failures:
        raise Failed(failures[0])
    return verdicts


def _batches(client: ClickHouse, choice: Choice) -> Iterator[list[Rejected]]:
    for block in records(client, choice):
        for begin in range(0, len(block), _BATCH):
            yield block[begin : begin + _BATCH]


def _next(batches: Iterator[list[Rejected]]) -> list[Rejected]:
    return next(batches, [])


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True))


def _show(sent: Sequence[Sent], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(one.described(whole=dry_run) for one in sent)
        return
    print_rows((row for one in sent for row in _rows(one)), _COLUMNS, as_json=False)
    if dry_run:
        for one in sent:
            for topic, key, value in one.records:
                click.echo(f"{topic}  {key.decode()}\n{value.decode()}")


def _rows(sent: Sent) -> Iterator[dict[str, object]]:
    front: dict[str, object] = {"rejected_id": str(sent.record.rejected_id), "verdict": sent.verdict}
    if sent.advice:
        yield front | {"detail": sent.advice}
    for receipt in sent.receipts:
        yield front | receipt | {"verdict": receipt["status"]}


def _summarise(verdicts: Counter[str], *, dry_run: bool) -> None:
    told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items())) or "nothing to replay"
    click.echo(f"{told}{': nothing was sent' if dry_run else ''}", err=True)
    if not dry_run and verdicts["accepted"]:
        click.echo("Copies among them are told by `throughline rejected list --all` and in `duplicates`.", err=True)
    if wanting := sum(verdicts[one] for one in ("rejected", "unsent", "id_conflict")):
        msg = f"{wanting} of {verdicts.total()} {'would not be' if dry_run else 'were not'} accepted"
        raise Failed(msg)
