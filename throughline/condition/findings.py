"""What is wrong, judged from the parts' metrics at one moment: each finding names the runbook's section for it. Pure.

Alerts see more than a moment: what needs a history (a share that jumped, a source that fell silent) is theirs alone.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from schemas.recent import MINUTES
from throughline.condition.scrape import Instance

RUNBOOK: Final = "docs/runbook.md"
BEHIND_S: Final = 30.0  # as the alerts have it
UNANSWERED_S: Final = 15.0  # of ClickHouse
SLOW_S: Final = 5.0  # the objective from received to queryable
LATELY_S: Final = 60.0
NEAR: Final = 0.8  # of the budget
LOW: Final = 4  # times what must be free
HALF: Final = 0.5  # of the retention that may be used
TOLD_BY: Final = {  # what these events tell of; any other error ends the part
    "insert_failed": "SinkRetrying",
    "clickhouse_awaited": "ClickHouseNotAnswering",
    "clickhouse_lost": "ClickHouseNotAnswering",
    "disk_filled_up": "DiskFull",
    "evidence_not_read": "EvidenceUnreadable",
    "records_lost": "RecordsLost",
    "position_fell_out_of_range": "RecordsLost",
    "row_not_read_back": "RowsNotReadBack",
    "audit_changed": "AuditMissing",
    "adapter_failed": "IntakeRefusing",
    "request_failed": "IntakeRefusing",
    "smtp_failed": "IntakeRefusing",
}
BORROWED: Final = "logged_by_"
MB: Final = 1 << 20
MANY: Final = 10  # deliveries or items of a minute, or of five
FIFTH: Final = 0.2  # of them; the alerts, which know what is usual, ask for less


class Finding(NamedTuple):
    """Something wrong: the alert of that name has a section in the runbook."""

    alert: str
    what: str

    @property
    def section(self) -> str:
        """Where to read what to do."""
        return f"{RUNBOOK}#{self.alert.lower()}"


class Logged(NamedTuple):
    """The last warning or error of a part: its event, and how many seconds ago."""

    level: str
    event: str
    ago_s: float


def findings(instances: Sequence[Instance], now: float) -> list[Finding]:
    """All that is wrong, in the order of the flow. `now` is the time in Unix seconds."""
    found = [finding for instance in instances for finding in _of_one(instance, now)]
    return [*dict.fromkeys([*found, *_of_sources(instances), *_behind(instances)])]


def _of_one(instance: Instance, now: float) -> Iterator[Finding]:
    name = f"{instance.part} at {instance.address}"
    last = last_logged(instance, now)
    if instance.samples is None:
        said = "" if last is None else f" Its last error: {last.event}, {last.ago_s:.0f} s ago"
        yield Finding("PartDown", f"{name} does not answer: is it running?{said}")
        return
    yield from _disk(instance)
    if not instance.is_ready:
        alert = "IntakeNotReady" if instance.part == "serve" else "PartNotReady"
        said = (
            f"it logged {last.event} {last.ago_s:.0f} s ago" if last is not None else "its log says what it waits for"
        )
        yield Finding(alert, f"{name} runs and cannot work: {said}")
    yield from _backlog(instance)
    yield from _retention(instance)
    if (owed := instance.largest("clickhouse_unanswered_seconds")) > UNANSWERED_S:
        yield Finding("ClickHouseNotAnswering", f"ClickHouse has not answered {name} for {owed:.0f} s")
    if instance.largest("positions_lost_total"):
        yield Finding("RecordsLost", f"{name}: records were gone from Kafka before they had been read")
    if instance.largest("read_back_missing_total"):
        yield Finding("RowsNotReadBack", f"{name}: rows that ClickHouse had taken did not show in `timeline`")
    if instance.largest("identity_unreadable_total"):
        yield Finding("EvidenceUnreadable", f"{name}: records of identity.evidence cannot be read")
    for metric, alert, what in (
        ("audit_missing", "AuditMissing", "accepted records have no fate"),
        ("audit_doubled", "AuditDoubled", "accepted records have two fates"),
    ):
        if (count := instance.largest(metric)) > 0:
            yield Finding(alert, f"{count:.0f} {what}: `throughline audit` names them")
    if last is not None and last.ago_s < LATELY_S:
        yield from _logged(last, name)


def _disk(instance: Instance) -> Iterator[Finding]:
    free, floor = instance.largest("disk_free_bytes"), instance.largest("disk_floor_bytes")
    for times, alert in ((1, "DiskFull"), (LOW, "DiskLow")):
        if free < times * floor:
            what = f"{free / MB:.0f} MB are free below data_dir of {instance.part} at {instance.address}"
            yield Finding(alert, f"{what}, it holds below {floor / MB:.0f} MB (limits.free_disk)")
            return


def _retention(instance: Instance) -> Iterator[Finding]:
    limit = instance.largest("retention_limit_ratio")
    for labels, used in instance.values("retention_used_ratio"):
        for share, alert in ((1.0, "RetentionReached"), (HALF, "RetentionNear")):
            if limit and used >= share * limit:
                group, topic = labels["group"], labels["topic"]
                what = f"{group} has left {topic} unread for {used:.0%} of its retention"
                yield Finding(alert, f"{what}; the intake closes at {limit:.0%}")
                break


def _backlog(instance: Instance) -> Iterator[Finding]:
    held, budget = instance.largest("backlog_bytes"), instance.largest("backlog_budget_bytes")
    if not budget or held < NEAR * budget:
        return
    refused = instance.largest("deliveries_recent", outcome="overloaded", minutes="5")
    if held > budget or refused:
        what = f"the backlog of a partition is {held:.0f} bytes, the budget {budget:.0f}: the intake answers 503"
        yield Finding("BacklogOverBudget", what)
    else:
        yield Finding("BacklogNearBudget", f"the backlog of a partition is at {held / budget:.0%} of its budget")


def _logged(last: Logged, name: str) -> Iterator[Finding]:
    said = f"{name} logged {last.event} {last.ago_s:.0f} s ago"
    if last.level == "error" or last.event in TOLD_BY:
        yield Finding(TOLD_BY.get(last.event, "PartRestarting"), said)


def _of_sources(instances: Sequence[Instance]) -> Iterator[Finding]:
    """Sources of which much was refused just now: in a minute, or, of those that send seldom, in five."""
    told = [(minutes, *one) for minutes in MINUTES for one in _refused(instances, minutes)]
    first = {(alert, source): (minutes, what) for minutes, alert, source, what in reversed(told)}
    for (alert, source), (minutes, what) in sorted(first.items()):
        when = "a minute" if minutes == "1" else f"{minutes} minutes"
        yield Finding(alert, f"of source {source}, within {when}, {what}")


def _refused(instances: Sequence[Instance], minutes: str) -> Iterator[tuple[str, str, str]]:
    """Alert, source and what, of those who were refused much in so many minutes: what is usual is not known here."""
    for source, told in deliveries(instances, "deliveries_recent", minutes=minutes).items():
        failed = sum(count for outcome, count in told.items() if outcome.startswith(("signature_", "key_")))
        passed = told.get("accepted", 0.0)
        if source and _is_much(failed, failed + passed):
            yield "SignatureFailuresJumped", source, f"{failed:.0f} deliveries failed verification, {passed:.0f} passed"
    accepted = _by_source(instances, "interactions_accepted_recent", minutes)
    for source, count in _by_source(instances, "interactions_rejected_recent", minutes).items():
        passed = accepted.get(source, 0.0)
        if _is_much(count, count + passed):
            what = f"{count:.0f} items were rejected, {passed:.0f} accepted: `throughline rejected list` says why"
            yield "RejectedShareJumped", source, what


def _is_much(wrong: float, of: float) -> bool:
    return wrong >= MANY and wrong > FIFTH * of


def deliveries(
    instances: Sequence[Instance], metric: str = "deliveries_total", **labels: str
) -> dict[str, dict[str, float]]:
    """By source, how many deliveries had which outcome, by a metric: by default since the intakes began.

    The empty source is an unknown key.
    """
    found: dict[str, dict[str, float]] = {}
    for instance in instances:
        for of, count in instance.values(metric, **labels):
            told = found.setdefault(of["source"], {})
            told[of["outcome"]] = told.get(of["outcome"], 0.0) + count
    return found


def _by_source(instances: Sequence[Instance], name: str, minutes: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for instance in instances:
        for labels, count in instance.values(name, minutes=minutes):
            found[labels["source"]] = found.get(labels["source"], 0.0) + count
    return found


def _behind(instances: Sequence[Instance]) -> Iterator[Finding]:
    """By group: told by its own part, and by the intake when that is down."""
    worst: dict[str, float] = {}
    for instance in instances:
        for labels, seconds in instance.values("lag_seconds"):
            worst[labels["group"]] = max(seconds, worst.get(labels["group"], 0.0))
    for group, seconds in worst.items():
        part = group.rpartition("-")[2]
        if seconds > BEHIND_S:
            yield Finding(f"{part.capitalize()}Behind", f"{part} is {seconds:.0f} s behind")
        elif seconds > SLOW_S:
            yield Finding("EndToEndSlow", f"{part} is {seconds:.0f} s behind: more than it may take to be queryable")


def last_logged(instance: Instance, now: float) -> Logged | None:
    """The last warning or error of a process; None where it logged neither."""
    told = instance.values("logged_timestamp_seconds")
    told = told or [({"level": "error", "event": event}, at) for event, at in instance.errors.items()]
    if not told:
        return None
    # what is ours says more than that a library said something
    labels, at = max(told, key=lambda one: (now - one[1] < LATELY_S, not one[0]["event"].startswith(BORROWED), one[1]))
    return Logged(labels["level"], labels["event"], max(0.0, now - at))
