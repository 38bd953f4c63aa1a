"""Data quality by source: what each sends, and what of it is of use."""

from typing import Final

from deploy.grafana.panels import Board, Bounds, Query, Question, Row, Unit, rate

CHOSEN: Final = '{source=~"$source"}'
AMOUNT: Final = Row(
    "Does each source send what it used to?",
    [
        Question(
            "How many interactions does each source send?",
            "Compare with the same hour of other days: choose a longer time above.",
            [rate("throughline_interactions_accepted_total", "source", where=CHOSEN)],
            Unit.RATE,
        ),
        Question(
            "How many deliveries were accepted in the last hour?",
            "0 of a source that never is silent: its configuration at the vendor, or its secret, was changed.",
            [Query(f"throughline:source_deliveries:increase_1h{CHOSEN}", "{{source}}")],
            Unit.COUNT,
            section="SourceSilent",
        ),
        Question(
            "On which channels does each source send?",
            "A source of several channels that loses one: that client or form was changed.",
            [rate("throughline_interactions_accepted_total", "source", "channel", where=CHOSEN)],
            Unit.RATE,
        ),
        Question(
            "Which deliveries fail verification?",
            "In the last 10 minutes, by source. A secret was changed on one side, or somebody tries.",
            [Query(f"throughline:source_unverified:count_10m{CHOSEN}", "{{source}}")],
            Unit.COUNT,
            nothing="none",
            section="SignatureFailuresJumped",
        ),
    ],
)
USE: Final = Row(
    "Is it of use?",
    [
        Question(
            "Which share of a source's items is rejected?",
            "In the last 15 minutes, by any part. A jump is a release of the sender: see the reasons beside.",
            [Query(f"throughline:source_rejected:ratio_15m{CHOSEN}", "{{source}}")],
            Unit.SHARE,
            Bounds(0.01, 0.05),
            section="RejectedShareJumped",
        ),
        Question(
            "Why are they rejected?",
            "docs/reference/reasons.md says what each means; `throughline rejected list --source` shows them whole.",
            [rate("throughline_interactions_rejected_total", "source", "reason", where=CHOSEN)],
            Unit.RATE,
            nothing="none",
        ),
        Question(
            "Which part rejected them?",
            "serve: not decoded. process: not a sound interaction, or an id with two bodies. sink: ClickHouse refused.",
            [rate("throughline_interactions_rejected_total", "source", "part", where=CHOSEN)],
            Unit.RATE,
            nothing="none",
        ),
        Question(
            "Which deliveries were not accepted, or carry nothing?",
            "empty: verified, and nothing in it for a timeline; vendors send those as tests.",
            [
                rate(
                    "throughline_deliveries_total",
                    "source",
                    "outcome",
                    where='{source=~"$source", outcome!="accepted"}',
                )
            ],
            Unit.RATE,
            nothing="none",
        ),
    ],
)
WHOLE: Final = Row(
    "Is it complete, and in time?",
    [
        Question(
            "Which share of interactions says who it was?",
            "Of ten minutes. identifier: any; strong_identifier: more than a device. A fall: the sender changed.",
            [
                Query(
                    "max by (source, field)"
                    ' (throughline_quality_field_share{source=~"$source", field=~"identifier|strong_identifier"})',
                    "{{source}} {{field}}",
                )
            ],
            Unit.SHARE,
            Bounds(0.95, 0.8),
            width=8,
            section="FieldShareDropped",
        ),
        Question(
            "Which share has each field?",
            "Of ten minutes. A field that a source always sent and that falls: ask the sender what was changed.",
            [
                Query(
                    "max by (source, field)"
                    ' (throughline_quality_field_share{source=~"$source", field!~"identifier|strong_identifier"})',
                    "{{source}} {{field}}",
                )
            ],
            Unit.SHARE,
            width=8,
            section="FieldShareDropped",
        ),
        Question(
            "How long after it occurred does half of it arrive?",
            "Of the last ten minutes. Hours: the sender works off a queue. Below 0: its clock is ahead.",
            [Query(f"max by (source) (throughline_quality_delay_seconds{CHOSEN})", "{{source}}")],
            Unit.SECONDS,
            is_signed=True,
            width=8,
            section="DelayJumped",
        ),
        Question(
            "Of how many interactions are these the shares?",
            "Of ten minutes. Shares of a handful say little.",
            [Query(f"max by (source) (throughline_quality_interactions{CHOSEN})", "{{source}}")],
            Unit.COUNT,
            width=24,
        ),
    ],
)
BOARD: Final = Board(
    "quality",
    "Throughline: data quality by source",
    "What each source sends, and what of it is of use. By hour: `throughline quality`, the view data_quality.",
    [AMOUNT, USE, WHOLE],
    variables=[("source", "label_values(throughline_deliveries_total, source)")],
)
