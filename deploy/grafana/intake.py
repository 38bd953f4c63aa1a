"""The intake: what arrives, what is taken, what is refused and why."""

from typing import Final

from deploy.grafana.panels import Board, Bounds, Query, Question, Row, Unit, p, rate
from deploy.grafana.shared import process

TAKEN: Final = Row(
    "What arrives, and what becomes of it?",
    [
        Question(
            "What becomes of deliveries?",
            "overloaded, unavailable, failed and no_memory are ours: a 503. The others are the sender's.",
            [rate("throughline_deliveries_total", "outcome", where='{source=~"$source"}')],
            Unit.RATE,
            section="IntakeRefusing",
        ),
        Question(
            "How many interactions are accepted, by source?",
            "Each has been acknowledged by Kafka.",
            [rate("throughline_interactions_accepted_total", "source", where='{source=~"$source"}')],
            Unit.RATE,
        ),
        Question(
            "Whose deliveries fail verification?",
            "A secret was changed on one side, or somebody tries. The source without a name is a key that nobody has.",
            [
                rate(
                    "throughline_deliveries_total",
                    "source",
                    "outcome",
                    where='{outcome=~"signature_.*|key_.*", source=~"$source"}',
                )
            ],
            Unit.RATE,
            nothing="none",
            section="SignatureFailuresJumped",
        ),
        Question(
            "What is rejected at the door, and why?",
            "Kept whole: `throughline rejected list`. docs/reference/reasons.md says what each reason means.",
            [
                rate(
                    "throughline_interactions_rejected_total",
                    "source",
                    "reason",
                    where='{part="serve", source=~"$source"}',
                )
            ],
            Unit.RATE,
            nothing="none",
            section="RejectedShareJumped",
        ),
    ],
)
KAFKA: Final = Row(
    "Does Kafka take it?",
    [
        Question(
            "How long does Kafka take to acknowledge?",
            "Above a second senders wait: look at the brokers' disks, and at how many replicas are in sync.",
            [p(0.5, "throughline_publish_seconds"), p(0.99, "throughline_publish_seconds")],
            Unit.SECONDS,
            Bounds(0.5, 2),
            section="KafkaSlow",
        ),
        Question(
            "How full is the largest backlog of a partition?",
            "At the budget the intake answers 503: find the part that is behind.",
            [
                Query("max by (instance) (throughline_backlog_bytes)", "{{instance}}"),
                Query("max(throughline_backlog_budget_bytes)", "budget"),
            ],
            Unit.BYTES,
            section="BacklogNearBudget",
        ),
    ],
)
BOARD: Final = Board(
    "intake",
    "Throughline: intake",
    "`throughline serve`: what arrives, what is taken, what is refused and why.",
    [TAKEN, KAFKA, process("serve")],
    variables=[("source", "label_values(throughline_deliveries_total, source)")],
)
