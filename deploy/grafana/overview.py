"""The overview: is the customer timeline fresh and complete?"""

from typing import Final

from deploy.grafana.panels import Board, Bounds, Query, Question, Row, Unit, rate


def promised_none(title: str, remedy: str, query: Query, section: str) -> Question:
    """A question whose answer must be 0."""
    return Question(title, remedy, [query], Unit.COUNT, Bounds(1, 1), is_number=True, width=5, section=section)


ALARMED: Final = Row(
    "Is anything wrong?",
    [
        Question(
            "Is anything alarmed?",
            "Each alert has its section in docs/runbook.md, of the same name; `throughline status` says more.",
            [
                Query(
                    'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                    "{{alertname}} {{severity}}",
                )
            ],
            Unit.COUNT,
            nothing="none",
        ),
        Question(
            "Which warnings and errors were logged in the last hour?",
            "Minutes ago, by part. The log of that part has the rest; docs/runbook.md names most of them.",
            [
                Query(
                    "(time() - max by (part, level, event) (throughline_logged_timestamp_seconds) < 3600) / 60",
                    "{{part}} {{level}} {{event}}",
                )
            ],
            Unit.MINUTES,
            nothing="none",
        ),
    ],
)
FRESH: Final = Row(
    "Is the timeline fresh?",
    [
        Question(
            "How long until 99 of 100 interactions can be read?",
            "From the moment they were received. Above 10 s: which part is behind stands beside it.",
            [Query("throughline:end_to_end_seconds:p99_5m", "p99")],
            Unit.SECONDS,
            Bounds(5, 10),
            is_number=True,
            width=4,
            section="EndToEndSlow",
        ),
        Question(
            "How long has ClickHouse owed an answer?",
            "To an insert, or to a question every 5 s. Above 15 s nothing is stored; what came waits in Kafka.",
            [Query("max(throughline_clickhouse_unanswered_seconds)", "owed")],
            Unit.SECONDS,
            Bounds(5, 15),
            is_number=True,
            width=4,
            section="ClickHouseNotAnswering",
        ),
        Question(
            "How long on each channel?",
            "One channel alone that is slow: its records wait in one partition, or its source sends in bursts.",
            [Query("throughline:channel_end_to_end_seconds:p99_5m", "{{channel}}")],
            Unit.SECONDS,
            Bounds(5, 10),
            width=8,
            section="EndToEndSlow",
        ),
        Question(
            "Which part is behind?",
            "The first in the order process, resolve, sink that is behind is the one to look at.",
            [Query("throughline:part_lag_seconds:max", "{{part}}")],
            Unit.SECONDS,
            Bounds(5, 30),
            width=8,
            section="SinkBehind",
        ),
    ],
)
COMPLETE: Final = Row(
    "Is the timeline complete?",
    [
        promised_none(
            "How many accepted records have no fate?",
            "0 is the promise. `throughline audit` names the positions.",
            Query("max(throughline_audit_missing)", "missing"),
            "AuditMissing",
        ),
        promised_none(
            "How many accepted records have two fates?",
            "0 is the promise. `throughline audit` names the positions.",
            Query("max(throughline_audit_doubled)", "doubled"),
            "AuditDoubled",
        ),
        Question(
            "When did the audit last look?",
            "Above 5 minutes: no sink looks, so the two numbers before this one are old. See the sinks' logs.",
            [Query("time() - max(throughline_audit_timestamp_seconds)", "ago")],
            Unit.SECONDS,
            Bounds(180, 300),
            is_number=True,
            width=4,
            section="AuditStopped",
        ),
        promised_none(
            "Were records deleted before they were read?",
            "Partitions where that happened in the last day: retention was shorter than the lag.",
            Query("sum(increase(throughline_positions_lost_total[1d]))", "partitions", or_zero=True),
            "RecordsLost",
        ),
        promised_none(
            "Are stored rows missing when read back?",
            "In the last hour. ClickHouse acknowledged them and `timeline` does not show them.",
            Query("sum(increase(throughline_read_back_missing_total[1h]))", "rows", or_zero=True),
            "RowsNotReadBack",
        ),
        Question(
            "What becomes of what is processed?",
            "Stored, duplicate or rejected. Many duplicates: a sender repeats itself; many rejected: see Data quality.",
            [rate("throughline_interactions_processed_total", "fate")],
            Unit.RATE,
            width=24,
            section="RejectedShareJumped",
        ),
    ],
)
ACCEPTING: Final = Row(
    "Does it take what comes?",
    [
        Question(
            "Does every part answer?",
            "A part that does not is down or hangs: what it should do waits in Kafka. See its log.",
            [Query('min by (part) (up{job="throughline"})', "{{part}}")],
            Unit.YES,
            Bounds(1, 0.5),
            is_number=True,
            width=6,
            section="PartDown",
        ),
        Question(
            "Can every part do its work?",
            "The intake cannot: `/readyz` says what is missing. Another part: its log says what it waits for.",
            [Query("min by (part) (throughline_ready)", "{{part}}")],
            Unit.YES,
            Bounds(1, 0.5),
            is_number=True,
            width=6,
            section="PartNotReady",
        ),
        Question(
            "Which share of deliveries is accepted?",
            "Of those that their senders may expect us to take. The others got a 503 and are sent again.",
            [Query("throughline:acceptance:ratio_5m", "accepted")],
            Unit.SHARE,
            Bounds(0.999, 0.99),
            is_number=True,
            width=4,
            section="IntakeRefusing",
        ),
        Question(
            "How full is the backlog?",
            "At 1 the intake answers 503 until there is room: find the part that is behind.",
            [Query("max(throughline_backlog_bytes / throughline_backlog_budget_bytes)", "of the budget")],
            Unit.SHARE,
            Bounds(0.5, 0.8),
            is_number=True,
            width=4,
            section="BacklogNearBudget",
        ),
        Question(
            "How much is free on the fullest disk?",
            "Below data_dir. At limits.free_disk, 256 MiB by default, the part holds until there is room.",
            [Query("min(throughline_disk_free_bytes >= 0)", "free")],
            Unit.BYTES,
            Bounds(1 << 30, 1 << 28),
            is_number=True,
            width=4,
            section="DiskLow",
        ),
        Question(
            "How much comes in, by channel?",
            "A channel that falls to 0 at a time when it never did: its source is broken, or ours refuses it.",
            [rate("throughline_interactions_accepted_total", "channel")],
            Unit.RATE,
            section="SourceSilent",
            width=16,
        ),
        Question(
            "Which version runs where?",
            "Two versions of one part for more than a few minutes: an upgrade that was not finished.",
            [Query("count by (part, version) (throughline_build_info)", "{{part}} {{version}}")],
            Unit.COUNT,
            is_number=True,
            width=8,
        ),
    ],
)
BOARD: Final = Board(
    "overview",
    "Throughline: overview",
    "Is the customer timeline fresh and complete? Each panel's title is the question, its description what to do.",
    [ALARMED, FRESH, COMPLETE, ACCEPTING],
)
