"""What the audit asks of ClickHouse, on rows as the sink writes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from schemas.topics import Topics
from sinks.audit.accounts import PAGE, Page
from sinks.audit.bounds import Mark
from sinks.audit.fates import Fates
from sinks.ranges import Where
from sinks.tables import DUPLICATES, INTERACTIONS, REJECTED
from tests.sinks.conftest import Store
from tests.sinks.rows import RAW_ID, duplicate, interaction, rejected

pytestmark = [pytest.mark.chdb, pytest.mark.slow]

HERE = Where("interactions.web", RAW_ID, 0)


@pytest.fixture
def fates(store: Store, monkeypatch: pytest.MonkeyPatch) -> Fates:
    """Pages of ten: stored 0-9, 20-24, 27-39; of these 5 is a duplicate as well, 30 rejected; 41 and 42 duplicates."""
    monkeypatch.setattr("sinks.audit.fates.PAGE", 10)
    numbers = [*range(10), *range(20, 25), *range(27, 40)]
    insert(store, INTERACTIONS, [interaction(n) for n in numbers])
    insert(store, INTERACTIONS, [interaction(n) for n in (3, 4)])  # what comes again collapses
    insert(store, DUPLICATES, [duplicate(n, 1) for n in (5, 41, 42)])
    insert(store, REJECTED, [rejected(30), rejected(None, b"a"), rejected(None, b"b")])
    elsewhere = {"raw_topic": "timeline.events"}
    insert(store, INTERACTIONS, [interaction(70, **elsewhere)])
    return Fates(store.client, Topics().raw)


def insert(store: Store, table: str, rows: Sequence[bytes]) -> None:
    assert store.client.insert_ready(table, b"\n".join(rows), uuid4().hex) is None


def test_pages_count_positions_and_fates(fates: Fates) -> None:
    pages = [Page(0, 9, 10, 10, 1, 0), Page(20, 29, 8, 8, 0, 0), Page(30, 39, 10, 10, 0, 1), Page(41, 42, 2, 0, 2, 0)]
    assert fates.pages() == {HERE: pages}
    assert fates.pages_of(HERE, (0, 100)) == pages
    assert fates.pages_of(HERE, (8, 22)) == [Page(8, 9, 2, 2, 0, 0), Page(20, 21, 2, 2, 0, 0)]
    assert fates.pages_of(Where("interactions.web", UUID(int=1), 0), (0, 100)) == []


def test_a_full_page_of_the_real_size_is_whole(store: Store) -> None:
    rows = [interaction(0, raw_offset=offset) for offset in range(PAGE + 1)]
    insert(store, INTERACTIONS, rows)
    pages = Fates(store.client, Topics().raw).pages()[HERE]
    assert [page.is_whole for page in pages] == [True, True]
    assert [page.positions for page in pages] == [PAGE, 1]


def test_runs_are_whole_and_doubles_are_found(fates: Fates) -> None:
    assert fates.runs(HERE, (2, 29)) == [
        Page(2, 9, 8, 8, 1, 0), Page(20, 24, 5, 5, 0, 0), Page(27, 28, 2, 2, 0, 0)
    ]  # fmt: skip
    assert fates.doubled(HERE, (0, 100)) == [(5, 6), (30, 31)]
    assert fates.doubled(HERE, (6, 30)) == []
    assert fates.fates_of(HERE, (5, 6)) == ["duplicate", "stored"]


def test_what_the_intake_rejected_is_counted_apart(fates: Fates) -> None:
    assert fates.before_kafka() == 2
    assert fates.before_kafka(datetime.now(UTC)) == 0


def test_marks_are_kept_by_the_hour_and_told_since_a_time(fates: Fates) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    there = Where("interactions.web", UUID(int=9), 3)
    for minutes, end, settled in ((0, 100, 80), (30, 150, 150), (90, 400, 300), (95, 390, 310)):
        at = (noon + timedelta(minutes=minutes)).timestamp()
        fates.keep({there: Mark(5 + minutes, end, settled, at, 0), HERE: Mark(0, 43, 1, at, 0)})
    last = (noon + timedelta(minutes=95)).timestamp()
    assert fates.marks() == {there: Mark(5, 400, 310, last, 5), HERE: Mark(0, 43, 1, last, 0)}
    marks = [fates.marks(noon + timedelta(minutes=minutes))[there].before for minutes in (0, 31, 60, 200)]
    assert marks == [5, 150, 150, 400]


def test_the_view_shows_the_marks(store: Store, fates: Fates) -> None:
    fates.keep({HERE: Mark(1, 50, 20, 7200.5, 0)})
    fates.keep({HERE: Mark(0, 40, 30, 1.0, 0)})
    [row] = store.client.query("SELECT first_offset, end_offset, settled_offset, looked_at FROM accepted").rows
    assert tuple(row[:3]) == (0, 50, 30)
