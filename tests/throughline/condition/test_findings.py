"""One thing broken at a time: the finding names it and leads to a section of the runbook that exists."""

import re
from pathlib import Path

import pytest

from throughline.condition.findings import TOLD_BY, findings, last_logged
from throughline.condition.scrape import Instance, Labels, Part

NOW = 1_000_000.0
ROOT = Path(__file__).parents[3]
RUNBOOK = ROOT / "docs/runbook.md"
LOGGING = ("producers", "schemas", "sinks", "stream_processors")
Samples = dict[str, list[tuple[Labels, float]]]
READ: Labels = {"group": "g", "topic": "t"}


def instance(part: Part = "sink", **samples: float | list[tuple[Labels, float]]) -> Instance:
    told: Samples = {name: value if isinstance(value, list) else [({}, value)] for name, value in samples.items()}
    return Instance(part, "127.0.0.1:1", {"ready": [({}, 1.0)], **told})


def logged(event: str, ago: float, level: str = "error") -> list[tuple[Labels, float]]:
    return [({"level": level, "event": event}, NOW - ago)]


def sent(outcome: str, count: float, source: str = "hook", minutes: str = "5") -> tuple[Labels, float]:
    return {"source": source, "outcome": outcome, "minutes": minutes}, count


def from_web(count: float, minutes: str = "5") -> tuple[Labels, float]:
    return {"source": "web", "minutes": minutes}, count


HEALTHY = instance(
    backlog_bytes=10,
    clickhouse_unanswered_seconds=14,
    backlog_budget_bytes=100,
    positions_lost_total=0,
    deliveries_recent=[sent("accepted", 0), sent("signature_wrong", 9), sent("key_wrong", 900, source="")],
    interactions_accepted_recent=[from_web(29)],
    interactions_rejected_recent=[from_web(7)],
    audit_missing=float("nan"),
    disk_free_bytes=float("nan"),
    disk_floor_bytes=float("nan"),
    retention_limit_ratio=0.5,
    retention_used_ratio=[(READ, 0.125)],
    lag_seconds=[({"group": "throughline-sink", "topic": "t"}, 5.0)],
    logged_timestamp_seconds=logged("insert_failed", 600),
)
BROKEN: dict[str, Instance] = {
    "PartDown": Instance("process", "127.0.0.1:1", None),
    "PartNotReady": instance("process", ready=0),
    "DiskLow": instance("process", disk_free_bytes=399, disk_floor_bytes=100),
    "DiskFull": instance("process", disk_free_bytes=99, disk_floor_bytes=100),
    "RetentionNear": instance("serve", retention_limit_ratio=0.5, retention_used_ratio=[(READ, 0.25)]),
    "RetentionReached": instance("serve", retention_limit_ratio=0.5, retention_used_ratio=[(READ, 0.5)]),
    "SignatureFailuresJumped": instance(
        "serve", deliveries_recent=[sent("accepted", 400), sent("signature_wrong", 101)]
    ),
    "RejectedShareJumped": instance("serve", interactions_rejected_recent=[from_web(4), from_web(4)]),
    "IntakeNotReady": instance("serve", ready=0),
    "BacklogNearBudget": instance("serve", backlog_bytes=85, backlog_budget_bytes=100),
    "BacklogOverBudget": instance("serve", backlog_bytes=101, backlog_budget_bytes=100),
    "ProcessBehind": instance("serve", lag_seconds=[({"group": "p.throughline-process", "topic": "t"}, 31.0)]),
    "ResolveBehind": instance("serve", lag_seconds=[({"group": "throughline-resolve", "topic": "t"}, 31.0)]),
    "SinkBehind": instance("serve", lag_seconds=[({"group": "throughline-sink", "topic": "t"}, 31.0)]),
    "EndToEndSlow": instance("serve", lag_seconds=[({"group": "throughline-sink", "topic": "t"}, 5.1)]),
    "RecordsLost": instance(positions_lost_total=1),
    "RowsNotReadBack": instance(read_back_missing_total=1),
    "EvidenceUnreadable": instance("resolve", identity_unreadable_total=2),
    "AuditMissing": instance(audit_missing=1),
    "AuditDoubled": instance(audit_doubled=1),
    "ClickHouseNotAnswering": instance(clickhouse_unanswered_seconds=16),
    "SinkRetrying": instance(logged_timestamp_seconds=logged("insert_failed", 5, "warning")),
    "PartRestarting": instance(logged_timestamp_seconds=logged("worker_failed", 5)),
}


def test_nothing_is_wrong_with_parts_that_work() -> None:
    assert findings([HEALTHY, instance("serve")], NOW) == []


@pytest.mark.parametrize("alert", BROKEN)
def test_what_is_broken_is_found_and_leads_to_its_section(alert: str) -> None:
    [finding] = findings([HEALTHY, BROKEN[alert]], NOW)
    assert finding.alert == alert
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    assert finding.section in {f"docs/runbook.md#{heading.lower()}" for heading in headings}


def test_the_newest_of_what_was_logged_counts() -> None:
    told = [*logged("old", 50), *logged("new", 5, "warning")]
    assert last_logged(instance(logged_timestamp_seconds=told), NOW) == ("warning", "new", 5.0)
    assert last_logged(instance(), NOW) is None


def test_what_the_part_says_counts_before_what_a_library_says_just_then() -> None:
    told = [*logged("kafka_lost", 50), *logged("logged_by_librdkafka", 4, "warning")]
    assert last_logged(instance(logged_timestamp_seconds=told), NOW) == ("error", "kafka_lost", 50.0)
    told = [*logged("kafka_lost", 4000), *logged("logged_by_librdkafka", 400, "warning")]
    assert last_logged(instance(logged_timestamp_seconds=told), NOW) == ("error", "kafka_lost", 4000.0)


def test_a_part_that_cannot_work_says_what_it_logged_last() -> None:
    waiting = instance("process", ready=0, logged_timestamp_seconds=logged("kafka_awaited", 70, "warning"))
    [finding] = findings([waiting], NOW)
    assert finding.what == "process at 127.0.0.1:1 runs and cannot work: it logged kafka_awaited 70 s ago"


def test_what_a_part_waits_for_stands_before_that_it_waits() -> None:
    full = instance("process", ready=0, disk_free_bytes=99, disk_floor_bytes=100)
    assert [finding.alert for finding in findings([full], NOW)] == ["DiskFull", "PartNotReady"]


def test_a_part_that_is_down_is_told_with_the_error_that_it_left() -> None:
    down = Instance("sink", "127.0.0.1:1", None, {"last_run_killed": NOW - 900, "sink_failed": NOW - 4})
    [finding] = findings([down], NOW)
    assert finding.what == "sink at 127.0.0.1:1 does not answer: is it running? Its last error: sink_failed, 4 s ago"


def test_what_a_source_did_wrong_long_ago_is_over() -> None:
    past = instance(
        "serve", deliveries_total=[sent("signature_wrong", 900)], interactions_rejected_total=[from_web(900)]
    )
    assert findings([past], NOW) == []


def test_what_goes_wrong_now_is_seen_though_much_went_well_before() -> None:
    now = instance(
        "serve",
        interactions_accepted_recent=[from_web(9_000), from_web(30, "1")],
        interactions_rejected_recent=[from_web(60), from_web(60, "1")],
        deliveries_recent=[sent("accepted", 20), sent("signature_wrong", 11), sent("signature_wrong", 9, minutes="1")],
    )
    assert [finding.what for finding in findings([now], NOW)] == [
        "of source web, within a minute, 60 items were rejected, 30 accepted: `throughline rejected list` says why",
        "of source hook, within 5 minutes, 11 deliveries failed verification, 20 passed",
    ]


@pytest.mark.parametrize("event", TOLD_BY)
def test_what_was_logged_leads_to_where_it_is_told_of(event: str) -> None:
    """And it is an event that somebody logs: a name that was changed would lead to PartRestarting again."""
    [finding] = findings([instance(logged_timestamp_seconds=logged(event, 5))], NOW)
    assert finding.alert == TOLD_BY[event]
    assert finding.alert.lower() in RUNBOOK.read_text().lower()
    assert any(f'"{event}"' in file.read_text() for part in LOGGING for file in (ROOT / part).rglob("*.py"))


def test_a_backlog_just_below_its_budget_is_over_it_once_deliveries_are_refused() -> None:
    full = instance("serve", backlog_bytes=99, backlog_budget_bytes=100, deliveries_recent=[sent("overloaded", 3)])
    assert [finding.alert for finding in findings([full], NOW)] == ["BacklogOverBudget"]
