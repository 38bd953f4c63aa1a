"""Kafka's topics: their names, and how they are made."""

from dataclasses import dataclass
from typing import Final

from schemas.interaction import CHANNELS, Channel

DAY_MS: Final = 24 * 3600 * 1000
MAX_RECORD: Final = 8 << 20  # bytes: what topics and producers take
MAX_INTERACTION: Final = 3 << 20  # bytes of an interaction: quoted in a duplicate it may double, and must fit a record


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
    def evidence(self) -> str:
        """Facts about identifiers, kept whole; key = fact id, partition = the tenant's shard."""
        return f"{self.prefix}identity.evidence"

    @property
    def identity_map(self) -> str:
        """Whose a subject is and was; key = tenant:subject, compacted."""
        return f"{self.prefix}identity.map"

    @property
    def identity_changes(self) -> str:
        """What merged, split, was refused, and why; key = change_id, kept for ever."""
        return f"{self.prefix}identity.changes"

    @property
    def profiles(self) -> str:
        """Customers: identifiers and traits; key = profile_id, compacted."""
        return f"{self.prefix}customer.profiles"

    @property
    def outputs(self) -> tuple[str, ...]:
        """The fates: what the processor makes of each raw record."""
        return (self.timeline, self.duplicates, self.rejected)

    @property
    def resolved(self) -> tuple[str, ...]:
        """What the resolver makes of evidence."""
        return (self.identity_map, self.identity_changes, self.profiles)

    @property
    def stored(self) -> tuple[str, ...]:
        """What the sink reads."""
        return (*self.outputs, self.evidence, *self.resolved)

    def specs(self, partitions: int, replication: int) -> list[TopicSpec]:
        """Every topic that is in use, as it should be created."""
        kept = {
            "cleanup.policy": "delete",
            "max.message.bytes": str(MAX_RECORD),
            "message.timestamp.type": "LogAppendTime",  # retention by the broker's clock, not by that of who wrote
        }
        if replication > 2:  # noqa: PLR2004  two of three copies survive the loss of a broker and still take writes
            kept["min.insync.replicas"] = "2"
        week = kept | {"retention.ms": str(7 * DAY_MS)}
        month = kept | {
            "retention.ms": str(32 * DAY_MS)
        }  # the longest dedupe window: a lost store is rebuilt from here
        forever = kept | {"retention.ms": "-1"}
        compacted = kept | {"cleanup.policy": "compact"}
        settings = (
            dict.fromkeys(self.raw, month)
            | dict.fromkeys(self.outputs, week)
            | dict.fromkeys((self.evidence, self.identity_changes), forever)
            | dict.fromkeys((self.identity_map, self.profiles), compacted)
        )
        return [TopicSpec(name, partitions, replication, own) for name, own in settings.items()]
