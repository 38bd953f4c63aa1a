"""`throughline import`: the records of a file as deliveries, in batches, from where the last run stopped.

A batch is checkpointed once Kafka has it. Ids come from the content, so a batch that is sent again changes nothing.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Protocol

from producers.adapters import ROLL
from producers.connect import Connected, connected
from producers.contract import Delivery
from producers.intake.checkpoints import Place
from producers.intake.framing import LONGEST, Record
from producers.intake.record_file import RecordFile
from producers.outcomes import Accepted, Held, Outcome
from producers.sources import Source, build
from schemas.settings import ConfigurationError, Settings
from schemas.telemetry import Metrics

GRACE_S: Final = 5.0  # for the batch in flight, when asked to stop
LOOK_S: Final = 1.0  # between two tries, while Kafka is away
NAMED: Final = 20  # lost records that are named; all are counted


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is.

    Attributes:
        done, total: bytes of the file as it lies on the disk; total is None where nobody knows (stdin).
        accepted, rejected: records so far, earlier runs included.
        waiting: why nothing moves at the moment; empty while it does.
    """

    done: int
    total: int | None
    accepted: int
    rejected: int
    waiting: str = ""


@dataclass(slots=True)
class Summary:
    """What an import did.

    Attributes:
        accepted: interactions that Kafka has, earlier runs included.
        rejected: bad records, which are kept in `rejected`, earlier runs included.
        lost: records that were too large even to be kept, with line and reason, the first of them; `lost_count` counts
            all. Found wanting, where there are any.
        resumed_at: the line where this run began, where an earlier one had stopped; else 0.
        changed: an earlier run had stopped, but the file is another one since, so it was begun anew.
        finished: it was read to its end; False when it was asked to stop, and the next run goes on from there.
    """

    accepted: int = 0
    rejected: int = 0
    lost: list[str] = field(default_factory=list)
    lost_count: int = 0
    resumed_at: int = 0
    changed: bool = False
    finished: bool = False


OnProgress = Callable[[Progress], None]


class Accepts(Protocol):
    """What is needed of `producers.accept.Acceptor`."""

    async def accept_all(self, source: Source, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """One outcome for each delivery; waits for room as long as it takes."""


class ImportFailedError(Exception):
    """The producer cannot go on; what was checkpointed is in Kafka, and the next run goes on from there."""


def main(settings: Settings, metrics: Metrics, file: Path, source_name: str, on_progress: OnProgress) -> Summary:
    """Import a file, and come back when all of it is in Kafka, or at a checkpoint after SIGINT or SIGTERM.

    `on_progress` is called after every batch, and while nothing moves with the reason.

    Raises:
        ConfigurationError: there is no such source, it reads no files, or a key of it does not fit.
        UnreadableFileError: the file cannot be read, or not as the source says.
        ImportFailedError: the producer cannot go on.
    """
    source = _source(settings, source_name)
    return asyncio.run(_run(settings, metrics, file, source, on_progress))


def _source(settings: Settings, name: str) -> Source:
    """The one source; those beside it need not be complete on the machine that imports."""
    readers = sorted(reader for reader, adapter in ROLL.items() if adapter.intake == "file")
    if name not in settings.sources:
        near = get_close_matches(name, settings.sources, n=1)
        known = f"did you mean {near[0]}?" if near else f'add [sources.{name}] with adapter = "jsonl" or "csv"'
        raise ConfigurationError(f"there is no source {name!r}; {known}")
    source = build(settings.model_copy(update={"sources": {name: settings.sources[name]}}))[name]
    if source.intake != "file":
        raise ConfigurationError(
            f"sources.{name}.adapter: {source.origin.adapter} reads no files; one of {', '.join(readers)} is needed"
        )
    return source


async def _run(settings: Settings, metrics: Metrics, file: Path, source: Source, on_progress: OnProgress) -> Summary:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    failures: list[str] = []

    def failed(what: str) -> None:
        failures.append(what)
        loop.call_soon_threadsafe(stop.set)

    async with connected(settings, metrics, failed, "import") as kafka:
        folder = settings.data_dir / "import"
        await _until_kafka(kafka, stop, on_progress)
        summary = await import_file(file, source, kafka.acceptor, folder, on_progress, stop=stop)
    if failures:
        raise ImportFailedError(failures[0])
    return summary


async def _until_kafka(kafka: Connected, stop: asyncio.Event, on_progress: OnProgress) -> None:
    """Wait until Kafka answers for the first time, or until it is asked to stop; raises when it does not let us in."""
    answered, stopped = asyncio.create_task(kafka.answered()), asyncio.create_task(stop.wait())
    waits = {answered, stopped}
    while not (await asyncio.wait(waits, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED))[0]:
        on_progress(Progress(0, None, 0, 0, "Kafka does not answer"))
    stopped.cancel()
    if answered.done():
        answered.result()
    answered.cancel()


async def import_file(
    path: Path,
    source: Source,
    acceptor: Accepts,
    checkpoint_dir: Path,
    on_progress: OnProgress,
    *,
    stop: asyncio.Event | None = None,
) -> Summary:
    """Import a file of a source whose adapter reads files; `-` is stdin, `.gz` is unpacked.

    `stop`: end at a checkpoint, as soon as the batch in flight has landed or its grace is over.

    Raises:
        UnreadableFileError: it cannot be read, or not as this source says.
    """
    stop = stop or asyncio.Event()
    place = Place(path, source.name, checkpoint_dir)
    left = await asyncio.to_thread(place.find)
    summary = Summary(left.accepted, left.rejected, resumed_at=left.line) if left else Summary(changed=place.changed)
    start = (left.offset, left.line) if left else ()
    with await asyncio.to_thread(RecordFile, path, source.adapter.config, *start) as file:
        while not stop.is_set() and (batch := await asyncio.to_thread(file.batch)):

            def tell(waiting: str = "") -> None:
                on_progress(Progress(file.done(), file.total, summary.accepted, summary.rejected, waiting))

            whole = [record for record in batch if not record.too_long]
            deliveries = _deliveries(path, whole, file.headers)
            outcomes = await _unless_stopped(_landed(acceptor, source, deliveries, tell), stop)
            if outcomes is None:
                return summary
            _count(summary, zip(whole, outcomes, strict=True))
            _lose(summary, ((record, f"over {LONGEST} bytes") for record in batch if record.too_long))
            last = batch[-1]
            await asyncio.to_thread(place.save, last.end, last.next_line, summary.accepted, summary.rejected)
            tell()
    summary.finished = not stop.is_set()
    if summary.finished:
        await asyncio.to_thread(place.clear)
    return summary


def _deliveries(path: Path, batch: Iterable[Record], headers: dict[str, str]) -> list[Delivery]:
    now = datetime.now(UTC)
    return [
        Delivery("FILE", path.name, "", headers | {"x-record": str(record.line)}, record.body, now) for record in batch
    ]


async def _landed(
    acceptor: Accepts, source: Source, deliveries: list[Delivery], tell: Callable[[str], None]
) -> list[Outcome]:
    """Their outcomes, once Kafka has them: while it is away, the whole is sent again."""
    while True:
        outcomes = await acceptor.accept_all(source, deliveries)
        held = next((outcome for outcome in outcomes if isinstance(outcome, Held)), None)
        if held is None:
            return outcomes
        tell(held.message)
        await asyncio.sleep(min(held.retry_after, LOOK_S))


async def _unless_stopped(landing: Awaitable[list[Outcome]], stop: asyncio.Event) -> list[Outcome] | None:
    """What comes of it; None where it was asked to stop and the grace was not enough."""
    landed, stopped = asyncio.ensure_future(landing), asyncio.create_task(stop.wait())
    await asyncio.wait((landed, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await asyncio.wait((landed,), timeout=GRACE_S)
    if not landed.done():
        landed.cancel()
        return None
    return landed.result()


def _count(summary: Summary, landed: Iterable[tuple[Record, Outcome]]) -> None:
    for record, outcome in landed:
        if isinstance(outcome, Accepted):
            bad = sum(receipt["status"] == "rejected" for receipt in outcome.receipts)
            summary.rejected += bad
            summary.accepted += len(outcome.receipts) - bad
        else:
            _lose(summary, [(record, outcome.message)])


def _lose(summary: Summary, lost: Iterable[tuple[Record, str]]) -> None:
    for record, why in lost:
        summary.lost_count += 1
        if len(summary.lost) < NAMED:
            summary.lost.append(f"line {record.line}: {why}")
