"""What `sink` tells: inserts, rows read back, the audit, the quality of sources."""

import math

from schemas.telemetry.declare import WAITED, Declare


class Sink:
    """What `sink` tells: inserts, rows read back, the audit, the quality of sources."""

    def __init__(self, declare: Declare) -> None:
        self.sink_rows = declare.counter("sink_rows_total", "Rows sent to ClickHouse and acknowledged.", "table")
        self.sink_inserts = declare.counter(
            "sink_inserts_total", "Inserts by result: done, retried, bisected.", "table", "result"
        )
        self.insert = declare.histogram("insert_seconds", "One insert into ClickHouse.")
        self.clickhouse_unanswered = declare.gauge(
            "clickhouse_unanswered_seconds",
            "How long ClickHouse has owed this sink an answer, to an insert or to a question every five seconds.",
        )
        self.end_to_end = declare.histogram(
            "end_to_end_seconds",
            "From received to queryable, of rows that were read back from `timeline`.",
            "channel",
            buckets=WAITED,
        )
        self.read_back_missing = declare.counter(
            "read_back_missing_total", "Rows that ClickHouse had taken and that `timeline` did not show.", "channel"
        )
        self.audit_missing = declare.gauge(
            "audit_missing", "Accepted records that are past their time and have no fate; NaN where none has looked."
        )
        self.audit_doubled = declare.gauge(
            "audit_doubled", "Accepted records with two fates; NaN where none has looked."
        )
        self.audit_seconds = declare.gauge(
            "audit_seconds", "How long the last audit read the fates; NaN where none has looked."
        )
        self.audit_timestamp = declare.gauge(
            "audit_timestamp_seconds", "When the last audit was done, since 1970; NaN where none has looked."
        )
        for looked in (self.audit_missing, self.audit_doubled, self.audit_seconds, self.audit_timestamp):
            looked.set(math.nan)
        self.quality_share = declare.gauge(
            "quality_field_share",
            "Share of a source's interactions of the last ten minutes with a field.",
            "source",
            "field",
        )
        self.quality_interactions = declare.gauge(
            "quality_interactions", "A source's interactions of the last ten minutes.", "source"
        )
        self.quality_delay = declare.gauge(
            "quality_delay_seconds", "Median from occurred to received, of the last ten minutes.", "source"
        )
