"""The processor: fates, and what a run costs."""

from typing import Final

from deploy.grafana.panels import Board, Bounds, Query, Question, Row, Unit, p, rate
from deploy.grafana.shared import lag, process

FATES: Final = Row(
    "What does it do?",
    [
        Question(
            "How many interactions does it process, by channel?",
            "Compare with what the intake accepts: the difference is the lag.",
            [rate("throughline_interactions_processed_total", "channel")],
            Unit.RATE,
        ),
        Question(
            "Which share are copies?",
            "Vendors send some again; a share that jumps is a sender that does not hear our answers.",
            [
                Query(
                    "sum by (channel)"
                    ' (rate(throughline_interactions_processed_total{fate="duplicate"}[$__rate_interval]))'
                    " / sum by (channel) (rate(throughline_interactions_processed_total[$__rate_interval]))",
                    "{{channel}}",
                )
            ],
            Unit.SHARE,
        ),
        Question(
            "What does it reject, and why?",
            "id_conflict: the same id with another body. Kept whole: `throughline rejected list`.",
            [rate("throughline_interactions_rejected_total", "source", "reason", where='{part="process"}')],
            Unit.RATE,
            nothing="none",
            section="RejectedShareJumped",
        ),
        Question(
            "How long does a run take?",
            "Without waiting for Kafka. Long runs are large ones: see how many there are.",
            [p(0.5, "throughline_step_seconds"), p(0.99, "throughline_step_seconds")],
            Unit.SECONDS,
            Bounds(0.25, 1),
        ),
        Question(
            "How large is a run?",
            "Interactions a run: small ones leave time, large ones are a backlog that is being worked off.",
            [
                Query(
                    "sum(rate(throughline_interactions_processed_total[$__rate_interval]))"
                    " / sum(rate(throughline_step_seconds_count[$__rate_interval]))",
                    "interactions a run",
                )
            ],
            Unit.COUNT,
        ),
        Question(
            "Does it read again what a store has missed?",
            "Records left. Partitions wait meanwhile: a store was lost, or its partition came from another process.",
            [Query("max by (instance) (throughline_dedupe_behind_records)", "{{instance}}")],
            Unit.COUNT,
        ),
        Question(
            "Which share of the time is spent in runs?",
            "Near 1 a process is at its end: add another, up to the partitions.",
            [Query('rate(throughline_step_seconds_sum{part="process"}[$__rate_interval])', "{{instance}}")],
            Unit.SHARE,
            Bounds(0.7, 0.9),
            width=24,
        ),
    ],
)
BOARD: Final = Board(
    "processor",
    "Throughline: processor",
    "`throughline process`: interactions are validated, deduplicated and filed under their subject.",
    [FATES, lag("process"), process("process")],
)
