"""The sink: rows, inserts, and how soon they can be read."""

from typing import Final

from deploy.grafana.panels import Board, Bounds, Query, Question, Row, Unit, p, rate
from deploy.grafana.shared import lag, process

STORED: Final = Row(
    "What does it store?",
    [
        Question(
            "How many rows go to each table?",
            "Acknowledged by ClickHouse.",
            [rate("throughline_sink_rows_total", "table")],
            Unit.RATE,
        ),
        Question(
            "What becomes of inserts?",
            "retried: ClickHouse was away or slow, and got the same range again. bisected: it refused a row as data.",
            [rate("throughline_sink_inserts_total", "result")],
            Unit.RATE,
            section="SinkRetrying",
        ),
        Question(
            "How long does an insert take?",
            "Above seconds: too many parts, a disk that is full or slow, or queries that take all cores.",
            [p(0.5, "throughline_insert_seconds"), p(0.99, "throughline_insert_seconds")],
            Unit.SECONDS,
            Bounds(1, 5),
        ),
        Question(
            "How large is an insert?",
            "Rows an insert: small ones while little comes in; small ones under load cost ClickHouse parts.",
            [
                Query(
                    "sum by (table) (rate(throughline_sink_rows_total[$__rate_interval]))"
                    ' / sum by (table) (rate(throughline_sink_inserts_total{result="done"}[$__rate_interval]))',
                    "{{table}}",
                )
            ],
            Unit.COUNT,
        ),
        Question(
            "How long until a row can be read?",
            "From received to read back from `timeline`, by channel.",
            [p(0.99, "throughline_end_to_end_seconds", "channel")],
            Unit.SECONDS,
            Bounds(5, 10),
            section="EndToEndSlow",
        ),
        Question(
            "How long does the audit read?",
            "Every sink looks in turn. Above a minute: too many parts, or a history without retention.",
            [Query("max by (instance) (throughline_audit_seconds)", "{{instance}}")],
            Unit.SECONDS,
            Bounds(30, 60),
            section="AuditStopped",
        ),
        Question(
            "Which rows does ClickHouse refuse?",
            "Each alone, kept whole in `rejected`. Any at all: the schema and the program are not of one version.",
            [rate("throughline_interactions_rejected_total", "source", "reason", where='{part="sink"}')],
            Unit.RATE,
            nothing="none",
            section="InsertsRefused",
        ),
        Question(
            "How long has ClickHouse owed an answer?",
            "To an insert, or to a question every 5 s. A line that climbs: it is away, hangs, or refuses the sink.",
            [Query('throughline_clickhouse_unanswered_seconds{part="sink"}', "{{instance}}")],
            Unit.SECONDS,
            Bounds(5, 15),
            section="ClickHouseNotAnswering",
        ),
    ],
)
BOARD: Final = Board(
    "sink",
    "Throughline: sink",
    "`throughline sink`: the timeline is written to ClickHouse, each interaction once.",
    [STORED, lag("sink"), process("sink")],
)
