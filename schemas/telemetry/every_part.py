"""What each part tells of itself."""

import math

from schemas.telemetry.declare import Declare


class EveryPart:
    """What each part tells of itself."""

    def __init__(self, declare: Declare) -> None:
        self.build_info = declare.gauge("build_info", "Always 1; the labels say what runs.", "version", "part")
        self.ready = declare.gauge("ready", "1 while this part can do its work; of the intake, as /readyz says.")
        self.logged = declare.gauge(
            "logged_timestamp_seconds", "When an event was last logged as a warning or an error.", "level", "event"
        )
        self.lag_messages = declare.gauge(
            "lag_messages",
            "Records not yet consumed; told by the group's own part, and by the intake, also when that is down.",
            "group",
            "topic",
            "partition",
        )
        self.lag_seconds = declare.gauge(
            "lag_seconds",
            "Age of the oldest record not yet consumed; told by the group's own part, and by the intake.",
            "group",
            "topic",
        )
        self.positions_lost = declare.counter(
            "positions_lost_total",
            "Partitions whose records were deleted, or whose topic was made anew, before a group had read them.",
            "group",
            "topic",
        )
        self.rejected = declare.counter(
            "interactions_rejected_total",
            "Items kept in `rejected`, by the part's reason.",
            "channel",
            "source",
            "reason",
        )
        self.disk_free = declare.gauge(
            "disk_free_bytes", "Free on the disk of data_dir; NaN where this part keeps nothing that matters there."
        )
        self.disk_floor = declare.gauge(
            "disk_floor_bytes", "Free bytes below which this part holds, or the intake answers 503; NaN as above."
        )
        for looked in (self.disk_free, self.disk_floor):
            looked.set(math.nan)
