"""What operators see of a stack that runs: each metric, the right alert when something breaks, nothing personal."""

import os
import re
import signal
from collections.abc import Callable, Iterator

import orjson
import pytest

from deploy.grafana import kafka
from deploy.kafka.local import LocalKafka
from schemas.fates import FATES
from tests import waiting
from tests.integration.running import part_pid, standing_still
from tests.integration.signals import MARK, MARKS, PREFIX, Stack, deliver, deliver_what_is_wrong, forge, watched

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.chdb, pytest.mark.timeout(600)]

GROUPS = tuple(f"{PREFIX}throughline-{part}" for part in ("process", "resolve", "sink"))
SET = {
    "serve": [
        *(f'deliveries_total{{outcome="{outcome}",source="web"}}' for outcome in ("accepted", "malformed")),
        'deliveries_total{outcome="key_wrong",source=""}',
        *(f'lag_messages{{group="{group}"' for group in GROUPS),
        *(f'lag_seconds{{group="{group}"' for group in GROUPS),
        *(f'interactions_accepted_total{{channel="{c}"' for c in ("web", "email", "social", "call_center")),
        "interactions_rejected_total{", "publish_seconds_count", "backlog_bytes", "backlog_budget_bytes",
        "retention_limit_ratio", *(f'retention_used_ratio{{group="{group}"' for group in GROUPS),
    ],
    "process": [
        *(f'interactions_processed_total{{channel="web",fate="{fate}"}}' for fate in FATES),
        "interactions_rejected_total{", "step_seconds_count", f'lag_messages{{group="{GROUPS[0]}"',
        f'lag_seconds{{group="{GROUPS[0]}"', "positions_lost_total{", "disk_free_bytes", "disk_floor_bytes",
    ],
    "resolve": [
        'identity_links_total{outcome="accepted"}', "identity_merges_total", "identity_profiles",
        "identity_unreadable_total", "disk_free_bytes", "disk_floor_bytes",
        f'lag_messages{{group="{GROUPS[1]}"', f'lag_seconds{{group="{GROUPS[1]}"',
    ],
    "sink": [
        *(f'sink_rows_total{{table="{table}"}}' for table in ("interactions", "identity_map", "identity_evidence")),
        'sink_inserts_total{result="done",table="interactions"}', "insert_seconds_count",
        'sink_inserts_total{result="bisected",table="interactions"}', "interactions_rejected_total{",
        "clickhouse_unanswered_seconds",
        *(f'end_to_end_seconds_count{{channel="{channel}"}}' for channel in ("web", "email")),
        *(f'read_back_missing_total{{channel="{channel}"}}' for channel in ("web", "email")),
        f'positions_lost_total{{group="{GROUPS[2]}"',
        f'lag_messages{{group="{GROUPS[2]}"', f'lag_seconds{{group="{GROUPS[2]}"',
    ],
}  # fmt: skip
ZERO = re.compile(
    r"lag_|positions_lost|clickhouse_unanswered|backlog_bytes|read_back_missing|identity_merges|retention_used"
)  # as they should be, or may be


LOOK_S = 0.2  # Prometheus looks once a second, and each look at it or at a part takes the time of what is looked at


def until(true: Callable[[], object]) -> None:
    """Wait until it is true."""
    waiting.until(true, pause_s=LOOK_S)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, local_kafka: LocalKafka) -> Iterator[Stack]:
    with watched(tmp_path_factory.mktemp("signals"), local_kafka) as running:
        yield running


def test_nothing_is_alarmed_while_all_is_well(stack: Stack) -> None:
    all_up = f"sum(up) == {len(stack.targets)}"
    until(lambda: stack.prometheus.query(all_up))  # what is there at the first look does not rise
    deliver(stack)
    until(lambda: stack.prometheus.query("max_over_time(throughline:end_to_end_seconds:p99_5m[5m]) > 0"))
    until(
        lambda: (
            {at["part"] for at, _ in stack.prometheus.query("throughline:part_lag_seconds:max")} >= {"process", "sink"}
        )
    )
    assert stack.firing() == set()
    assert stack.prometheus.query("throughline:acceptance:ratio_5m < 1") == []


def missing(stack: Stack, part: str) -> list[str]:
    """The series of a part that are not there, or 0 where they should not be."""
    lines = stack.metrics(part).splitlines()
    named = {name: [line for line in lines if line.startswith(f"throughline_{name}")] for name in SET[part]}
    return [
        name
        for name, found in named.items()
        if not (found if ZERO.match(name) else any(float(line.rpartition(" ")[2]) > 0 for line in found))
    ]


@pytest.mark.parametrize("part", SET)
def test_each_part_sets_its_metrics(stack: Stack, part: str) -> None:
    if part == "serve":
        deliver_what_is_wrong(stack)
    try:
        until(lambda: not missing(stack, part))
    finally:
        assert missing(stack, part) == []
    assert f'part="{part}"' in stack.metrics(part)
    for name in ("throughline_ready 1.0", "process_cpu_seconds_total", "process_start_time_seconds"):
        assert f"\n{name}" in stack.metrics(part)


def test_the_dashboard_of_kafka_shows_how_much_retention_is_used_up(stack: Stack) -> None:
    name = "throughline_retention_used_ratio"
    [query] = [one for question in kafka.BOARD.questions for one in question.queries if name in one.expr]
    shown = {at["group"] for at, _ in stack.prometheus.query(query.expr)}
    assert shown == set(GROUPS)


def come_and_go(stack: Stack, *alerts: tuple[str, str], mend: Callable[[], object]) -> None:
    """Wait until each of them has fired, mend it, and wait until none does."""
    fired: set[tuple[str, str]] = set()

    def have_fired() -> bool:
        fired.update(stack.firing())
        return fired.issuperset(alerts)

    until(have_fired)
    mend()
    until(lambda: stack.firing().isdisjoint(alerts))


def test_garbage_forged_signatures_and_a_part_that_hangs_are_alarmed_until_they_end(stack: Stack) -> None:
    until(lambda: not any(name == "RejectedShareJumped" for name, _ in stack.firing()))
    pid = part_pid(stack.up, "sink")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        forge(stack, 25)
        stack.batch(*({"type": "track", "event": MARK, "messageId": f"{MARK}-g{n}"} for n in range(30)))
        alerts = (("RejectedShareJumped", "web"), ("SignatureFailuresJumped", "social"), ("PartDown", "sink"))
        come_and_go(stack, *alerts, mend=lambda: os.kill(pid, signal.SIGCONT))
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_clickhouse_that_stands_still_is_alarmed_while_it_does(stack: Stack) -> None:
    with standing_still(stack.up, "gateway"):
        until(lambda: ("ClickHouseNotAnswering", "sink") in stack.firing())
    until(lambda: ("ClickHouseNotAnswering", "sink") not in stack.firing())


def test_a_run_is_a_line_and_an_interaction_is_none(stack: Stack) -> None:
    until(lambda: stack.metrics("serve").count("throughline_ready 1.0") == 1)
    before = len(stack.log.splitlines())
    stack.batch(*({"type": "track", "userId": MARK, "event": "E", "messageId": f"{MARK}-n{n}"} for n in range(400)))
    stored = f"SELECT count() AS n FROM timeline WHERE message_id LIKE '{MARK}-n%'"
    until(lambda: stack.installation.rows(stored) == [{"n": 400}])
    assert 0 < len(stack.log.splitlines()) - before < 100
    events = [orjson.loads(line).get("event") for line in stack.log.splitlines() if line.startswith("{")]
    assert {"run_processed", "run_resolved", "ranges_stored"} <= set(events)


def test_an_absent_kafka_is_alarmed_until_it_is_back(stack: Stack) -> None:
    stack.broker.stop()
    try:
        come_and_go(stack, ("IntakeNotReady", "serve"), mend=stack.broker.start)
    finally:
        if stack.broker.running() is None:
            stack.broker.start()
    assert 0 < stack.log.count("kafka_warned") < 30  # not one for each try of each connection


def test_no_log_and_no_metric_tells_of_a_person(stack: Stack) -> None:
    """After everything above: what was sound, what failed at each place, and while parts and Kafka were away."""
    told = {"log": stack.log} | {part: stack.metrics(part) for part in stack.targets}
    for what in ("evidence_not_read", "row_refused", "kafka_lost"):
        assert what in told["log"]
    found = [
        (where, mark, line)
        for where, text in told.items()
        for line in text.splitlines()
        for mark in MARKS
        if mark in line.lower()
    ]
    assert found == []
    assert "Traceback" not in told["log"]
