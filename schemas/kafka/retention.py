"""How near what is not yet consumed has come to being deleted, by age or by size; Kafka deletes without asking."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic, time
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka import TopicPartition as Partition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType

from schemas.kafka.admin import TIMEOUT_S
from schemas.kafka.backlog import Stage, TopicPartition
from schemas.telemetry import Metrics, logger

_CONFIGS_S: Final = 60.0  # for how long a topic's settings are good
_LOOK_S: Final = 10.0  # between two looks
_QUARTERS: Final = tuple(part / 4 for part in (1, 2, 3, 4))  # the steps in which age is told
Where = tuple[str, str]  # a group and a topic
Used = Mapping[Where, float]  # shares of what Kafka keeps


@dataclass(frozen=True, slots=True)
class Kept:
    """What Kafka keeps of each partition of a topic; None: all of it."""

    ms: int | None
    bytes: int | None


class Retention:
    """Looks at the topics that groups have yet to read. For one thread."""

    def __init__(self, admin: AdminClient, share: float, metrics: Metrics) -> None:
        """`share` of a topic's retention that may be used."""
        self.trouble: str | None = None
        self._admin = admin
        self._share = share
        self._steps = (*(share * part for part in _QUARTERS), *(share + (1 - share) * part for part in _QUARTERS))
        self._metrics = metrics
        self._kept: dict[str, Kept] = {}
        self._asked_at = self._looked_at = float("-inf")
        self._stages: dict[tuple[str, TopicPartition], tuple[int, int]] = {}
        self._is_mute = False
        metrics.retention_limit.set(share)

    def tell(self, group: str, stage: Stage) -> None:
        """Where a group stands in some partitions; it may be told of others apart."""
        self._stages |= {(group, at): reached for at, reached in stage.items()}

    def look(self, held: int) -> None:
        """Look again when it is time. `held`: the bytes of the largest backlog of a partition.

        What Kafka does not let us ask is not looked at; this is said once. What was found before holds meanwhile.
        """
        if monotonic() < self._looked_at + _LOOK_S:
            return
        self._looked_at = monotonic()
        try:
            self.trouble = self._look(held)
        except KafkaException as error:
            if not self._is_mute:
                logger().warning("retention_check_failed", text=error.args[0].str())
            self._is_mute = True
        else:
            self._is_mute = False

    def _look(self, held: int) -> str | None:
        lagging = {where: committed for where, (committed, end) in self._stages.items() if committed < end}
        kept = self._ask_kept({topic for _, (topic, _) in lagging})
        sizes = by_size(kept, {(group, topic) for group, (topic, _) in lagging}, held)
        ages = self._by_age(kept, lagging)
        for where in {(group, topic) for group, (topic, _) in self._stages}:
            self._metrics.retention_used.labels(*where).set(max(sizes.get(where, 0.0), ages.get(where, 0.0)))
        for (_, topic), used in sizes.items():
            if used > self._share:
                return f"{held} bytes are not consumed, more than {self._share:.0%} of retention.bytes of {topic}"
        for (_, topic), used in ages.items():
            if used >= self._share:
                return f"a record of {topic} that is not consumed is older than {self._share:.0%} of its retention.ms"
        return None

    def _by_age(self, kept: Mapping[str, Kept], lagging: Mapping[tuple[str, TopicPartition], int]) -> Used:
        """The last step of its topic's time that the oldest record has behind it; nothing before the first one."""
        used: dict[Where, float] = {}
        older = dict(lagging)
        now = int(time() * 1000)
        for step in self._steps:
            since = {at: now - int(ms * step) for _, at in older if (ms := kept[at[0]].ms) is not None}
            young = self._ask_young(since)
            older = {(group, at): committed for (group, at), committed in older.items() if committed < young.get(at, 0)}
            used |= {(group, topic): step for group, (topic, _) in older}
        return used

    def _ask_kept(self, topics: Iterable[str]) -> Mapping[str, Kept]:
        topics = set(topics)
        if topics - self._kept.keys() or monotonic() > self._asked_at + _CONFIGS_S:
            self._asked_at = monotonic()
            resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
            found = self._admin.describe_configs(resources, request_timeout=TIMEOUT_S) if resources else {}
            for resource, future in found.items():
                said = future.result()
                compacted = "delete" not in said["cleanup.policy"].value
                ms, size = int(said["retention.ms"].value), int(said["retention.bytes"].value)
                self._kept[resource.name] = Kept(
                    None if compacted or ms < 0 else ms, None if compacted or size < 0 else size
                )
        return self._kept

    def _ask_young(self, since: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The first record of each partition that is no older than a time; one beyond all where there is none."""
        if not since:
            return {}
        asked = {Partition(*at): OffsetSpec.for_timestamp(max(0, ms)) for at, ms in since.items()}
        found = self._admin.list_offsets(asked, request_timeout=TIMEOUT_S)
        offsets = {(at.topic, at.partition): future.result().offset for at, future in found.items()}
        return {at: offset if offset >= 0 else 1 << 63 for at, offset in offsets.items()}


def by_size(kept: Mapping[str, Kept], read: Iterable[Where], held: int) -> Used:
    """The share of what each topic keeps that the largest backlog of a partition takes, where its size is bounded."""
    sizes = {where: kept[where[1]].bytes for where in sorted(read)}
    return {where: held / size for where, size in sizes.items() if size}
