"""What `serve` and `import` tell: deliveries, and what closes the way."""

from schemas.telemetry.declare import Declare


class Intake:
    """What `serve` and `import` tell: deliveries, and what closes the way."""

    def __init__(self, declare: Declare) -> None:
        self.deliveries = declare.counter(
            "deliveries_total", "Deliveries at the intake, by what became of them.", "source", "outcome"
        )
        self.accepted = declare.counter(
            "interactions_accepted_total", "Interactions that Kafka has, all replicas.", "channel", "source"
        )
        self.publish = declare.durations("publish_seconds", "From a batch handed over to all its delivery reports.")
        self.backlog = declare.gauge("backlog_bytes", "The largest backlog of a partition: accepted, not yet consumed.")
        self.backlog_budget = declare.gauge(
            "backlog_budget_bytes", "The backlog of a partition above which the intake answers 503."
        )
        self.retention_used = declare.gauge(
            "retention_used_ratio",
            "Share of a topic's retention, in time or bytes, that its oldest record not yet consumed has used up.",
            "group",
            "topic",
        )
        self.retention_limit = declare.gauge(
            "retention_limit_ratio", "The share of a topic's retention beyond which the intake answers 503."
        )
        recent = ", of the last so many minutes: for `throughline status`."
        self.deliveries_recent = declare.gauge(
            "deliveries_recent", f"Deliveries{recent}", "source", "outcome", "minutes"
        )
        self.accepted_recent = declare.gauge(
            "interactions_accepted_recent", f"Interactions accepted{recent}", "channel", "source", "minutes"
        )
        self.rejected_recent = declare.gauge(
            "interactions_rejected_recent", f"Items rejected{recent}", "channel", "source", "reason", "minutes"
        )
