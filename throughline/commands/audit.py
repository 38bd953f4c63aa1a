"""`throughline audit`: every raw position that Kafka accepted, and its fate."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any, Final

import click

from schemas.kafka.offsets import KafkaOffsets
from schemas.kafka.reading import UnreadError, values
from schemas.settings import EMBEDDED, KafkaSettings, Loaded, Settings
from schemas.topics import Topics
from sinks.audit.accounts import Account
from sinks.audit.audit import MovedError, audit, audit_without_kafka
from sinks.audit.fates import Fates
from sinks.audit.look import TooMuchError
from sinks.audit.spans import Span, total
from throughline.embedded.broker import reachable
from throughline.failures import Failed
from throughline.kafka import asking
from throughline.options import Moment, with_json, with_settings
from throughline.output import print_json, print_rows
from throughline.reading import opened

LISTED: Final = 100  # spans of either kind; the rest is counted
PATIENCE_S: Final = 5.0  # with sinks that are behind; then what waits for them is read
READ_RECORDS: Final = 500_000
READ_S: Final = 60.0
PAUSE_S: Final = 0.1
_COUNTS: Final = ("accepted", "stored", "duplicate", "rejected", "in_flight", "missing", "doubled")


@click.command("audit")
@click.option("--since", type=Moment(), default=None, help="Only what was accepted at this time or later.")
@with_json
@with_settings
def audit_(*, loaded: Loaded, since: datetime | None, as_json: bool) -> None:
    """Every raw position that Kafka accepted, and its fate: stored, duplicate, rejected, or still in flight.

    Exit status 1 when a position is missing (it has no fate and should) or doubled (it has more than one); these are
    listed. While the embedded stack is down, what its broker accepted is known from the last look of its sink.
    """
    with opened(loaded.settings) as client:
        fates = Fates(client, Topics(loaded.settings.kafka.prefix).raw)
        accounts = _accounts(loaded.settings, fates, since)
        before_kafka = fates.before_kafka(since)
        if as_json:
            print_json(_lines(fates, accounts, before_kafka))
        else:
            _print(fates, accounts, before_kafka)
    if not all(account.is_clean for account in accounts):
        found = _counts(accounts)
        msg = f"{found['missing']} positions have no fate, {found['doubled']} have more than one"
        raise Failed(msg)


def _accounts(settings: Settings, fates: Fates, since: datetime | None) -> list[Account]:
    """Raises Failed where Kafka does not answer, except for the embedded one."""
    kafka = settings.kafka
    if kafka.bootstrap == EMBEDDED:
        try:
            kafka = reachable(settings)
        except Failed:
            click.echo("the embedded broker does not run: its last marks say what it had accepted", err=True)
            return audit_without_kafka(fates, since)
    with asking(kafka, "audit"):
        offsets = KafkaOffsets(kafka, "audit")
        try:
            snapshot, accounts = audit(
                offsets, kafka, fates, pause=_patience(), now=time.time(), read=partial(_read, kafka), since=since
            )
        except MovedError as error:
            raise Failed(str(error)) from None
        finally:
            offsets.close()
    if snapshot.waiting:
        waits = total(span for spans in snapshot.waiting.values() for span in spans)
        click.echo(f"the sink is down or behind: the outcomes of {waits} positions wait for it in Kafka", err=True)
    elif not snapshot.caught_up:
        click.echo("the sink is far behind: what is new since its last look counts as in flight", err=True)
    return accounts


def _read(kafka: KafkaSettings, spans: Mapping[tuple[str, int], Span]) -> Iterator[bytes]:
    """What waits for the sink, while it is not too much."""
    if total(spans.values()) > READ_RECORDS:
        raise TooMuchError
    try:
        yield from values(kafka, "audit", spans, READ_S)
    except UnreadError:
        raise TooMuchError from None


def _patience() -> Callable[[], bool]:
    deadline = time.monotonic() + PATIENCE_S

    def pause() -> bool:
        time.sleep(PAUSE_S)
        return time.monotonic() < deadline

    return pause


def _lines(fates: Fates, accounts: Sequence[Account], before_kafka: int) -> Iterator[dict[str, Any]]:
    for account in accounts:
        if account.accepted:
            yield {"what": "partition", **_place(account), **_counts([account])}
    yield from ({"what": "missing", **row} for row in islice(_missing(accounts), LISTED))
    yield from ({"what": "doubled", **row} for row in islice(_doubled(fates, accounts), LISTED))
    yield {"what": "total", **_counts(accounts), "rejected_before_kafka": before_kafka, "at": datetime.now(UTC)}


def _print(fates: Fates, accounts: Sequence[Account], before_kafka: int) -> None:
    topics = sorted({account.where.topic for account in accounts if account.accepted})
    by_topic = ({"topic": topic, **_counts([a for a in accounts if a.where.topic == topic])} for topic in topics)
    print_rows([*by_topic, {"topic": "all", **_counts(accounts)}], ["topic", *_COUNTS], as_json=False)
    click.echo(f"rejected at the intake, before Kafka: {before_kafka}")
    for what, rows in (("missing", _missing(accounts)), ("doubled", _doubled(fates, accounts))):
        listed = list(islice(rows, LISTED))
        if listed:
            print_rows(listed, list(listed[0]), as_json=False, title=what)
        spans = sum(len(account.missing if what == "missing" else account.doubled) for account in accounts)
        if spans > LISTED:
            click.echo(f"and {spans - LISTED} more spans")


def _counts(accounts: Sequence[Account]) -> dict[str, int]:
    plain = {name: sum(getattr(account, name) for account in accounts) for name in _COUNTS[:5]}
    missing = total(span for account in accounts for span in account.missing)
    doubled = total(span for account in accounts for span in account.doubled)
    return {**plain, "missing": missing, "doubled": doubled}


def _missing(accounts: Sequence[Account]) -> Iterator[dict[str, Any]]:
    for account in accounts:
        for span in account.missing:
            yield {**_place(account), **_positions(span)}


def _doubled(fates: Fates, accounts: Sequence[Account]) -> Iterator[dict[str, Any]]:
    for account in accounts:
        for span in account.doubled:
            yield {**_place(account), **_positions(span), "fates": fates.fates_of(account.where, span)}


def _place(account: Account) -> dict[str, Any]:
    where = account.where
    return {"raw_topic": where.topic, "raw_topic_id": str(where.topic_id), "raw_partition": where.partition}


def _positions(span: Span) -> dict[str, int]:
    first, end = span
    return {"first_offset": first, "last_offset": end - 1, "positions": end - first}
