"""Kafka's topics: their names, and how they are made."""

from dataclasses import dataclass
from typing import Final

from schemas.interaction import CHANNELS, Channel

DAY_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic to create: its full name, partitions, replication factor, and Kafka's own topic settings."""

    name: str
    partitions: int
    replication: int
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of all topics, with the configured prefix."""

    prefix: str = ""

    def interactions(self, channel: Channel) -> str:
        """Where adapters publish; key = tenant:event_id, so that copies meet in one partition."""
        return f"{self.prefix}interactions.{channel}"

    @property
    def raw(self) -> tuple[str, ...]:
        """All of `interactions.<channel>`."""
        return tuple(self.interactions(channel) for channel in CHANNELS)

    @property
    def timeline(self) -> str:
        """Interactions that are stored; key = the subject."""
        return f"{self.prefix}timeline.events"

    @property
    def duplicates(self) -> str:
        """Copies, with the position of the first; key = tenant:event_id."""
        return f"{self.prefix}interactions.duplicates"

    @property
    def rejected(self) -> str:
        """What could not be accepted, kept whole; key = rejected_id."""
        return f"{self.prefix}interactions.rejected"

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the sink reads."""
        return (self.timeline, self.duplicates, self.rejected)

    def specs(self, partitions: int, replication: int) -> list[TopicSpec]:
        """Every topic that is in use, as it should be created."""
        kept = {"cleanup.policy": "delete", "max.message.bytes": str(8 << 20)}
        if replication > 2:  # noqa: PLR2004  two of three copies survive the loss of a broker and still take writes
            kept["min.insync.replicas"] = "2"
        week = kept | {"retention.ms": str(7 * DAY_MS)}
        month = kept | {
            "retention.ms": str(32 * DAY_MS)
        }  # the longest dedupe window: a lost store is rebuilt from here
        return [TopicSpec(name, partitions, replication, month) for name in self.raw] + [
            TopicSpec(name, partitions, replication, week) for name in self.outputs
        ]
