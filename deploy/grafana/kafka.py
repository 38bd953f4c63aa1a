"""Kafka: what waits in it, where, and for whom."""

from typing import Final

from deploy.grafana.panels import Board, Bounds, Query, Question, Row, Unit, p, rate

WAITING: Final = Row(
    "What waits, and for whom?",
    [
        Question(
            "How old is the oldest unread record of each part?",
            "The first in the order process, resolve, sink that is behind is the one to look at.",
            [Query("throughline:part_lag_seconds:max", "{{part}}")],
            Unit.SECONDS,
            Bounds(5, 30),
        ),
        Question(
            "How many records wait for each part?",
            "A line that only grows: the part stands, or cannot keep up.",
            [Query("sum by (part) (throughline:part_lag_messages:sum)", "{{part}}")],
            Unit.COUNT,
        ),
        Question(
            "In which topics do they wait?",
            "Of the part that is behind: one topic alone means one channel, or one kind of output.",
            [Query("throughline:part_lag_messages:sum > 0", "{{part}} {{topic}}")],
            Unit.COUNT,
            nothing="none",
        ),
        Question(
            "In which partitions do most wait?",
            "One partition alone: one process stands, or one tenant's evidence is all in it.",
            [
                Query(
                    "topk(10, max by (group, topic, partition) (throughline_lag_messages) > 0)",
                    "{{group}} {{topic}} {{partition}}",
                )
            ],
            Unit.COUNT,
            nothing="none",
        ),
    ],
)
BUDGET: Final = Row(
    "Is there room?",
    [
        Question(
            "How full is the backlog?",
            "Of its budget. At 1 the intake answers 503 until there is room.",
            [Query("throughline_backlog_bytes / throughline_backlog_budget_bytes", "{{instance}}")],
            Unit.SHARE,
            Bounds(0.5, 0.8),
            section="BacklogNearBudget",
        ),
        Question(
            "How much of its retention has what waits used up?",
            "By its oldest record. At limits.retention (0.5) the intake closes, at 1 Kafka deletes: raise it at once.",
            [Query("max by (group, topic) (throughline_retention_used_ratio)", "{{group}} {{topic}}")],
            Unit.SHARE,
            Bounds(0.25, 0.5),
            nothing="the embedded broker deletes by no clock",
            section="RetentionNear",
        ),
        Question(
            "How much is free on the disks of data_dir?",
            "Below the floor (limits.free_disk) a part holds until there is room. Kafka's own disks: see its brokers.",
            [
                Query("throughline_disk_free_bytes >= 0", "{{part}} {{instance}}"),
                Query("max(throughline_disk_floor_bytes >= 0)", "floor"),
            ],
            Unit.BYTES,
            section="DiskLow",
        ),
        Question(
            "How long do acknowledgements take?",
            "Of all replicas. Look at the brokers' disks, and at how many replicas are in sync.",
            [p(0.99, "throughline_publish_seconds")],
            Unit.SECONDS,
            Bounds(0.5, 2),
            section="KafkaSlow",
        ),
        Question(
            "How much goes in?",
            "Interactions that Kafka has, all replicas.",
            [rate("throughline_interactions_accepted_total", "channel")],
            Unit.RATE,
        ),
        Question(
            "Was anything deleted before it was read?",
            "Partitions, in the last day: retention was shorter than the lag, or a topic was made anew.",
            [
                Query(
                    "sum by (group, topic) (increase(throughline_positions_lost_total[1d]))",
                    "{{group}} {{topic}}",
                )
            ],
            Unit.COUNT,
            Bounds(1, 1),
            nothing="none",
            section="RecordsLost",
        ),
    ],
)
BOARD: Final = Board(
    "kafka",
    "Throughline: Kafka",
    "What waits in Kafka, where, and for whom; and how much room there is.",
    [WAITING, BUDGET],
)
