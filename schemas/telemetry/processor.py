"""What `process` tells: fates, its step, its stores."""

from schemas.telemetry.declare import Declare


class Processor:
    """What `process` tells: fates, its step, its stores."""

    def __init__(self, declare: Declare) -> None:
        self.processed = declare.counter(
            "interactions_processed_total", "Raw records with their fate.", "channel", "fate"
        )
        self.dedupe_behind = declare.gauge(
            "dedupe_behind_records", "Records that dedupe stores must read again before their partitions go on."
        )
        self.step = declare.histogram("step_seconds", "One run of the processor's step, without waiting for Kafka.")
