"""How near what is not yet consumed has come to being deleted, by age or by size; Kafka deletes without asking."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic, time
from typing import Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType

from schemas.kafka.admin import TIMEOUT_S
from schemas.kafka.backlog import Stage
from schemas.telemetry import logger

_CONFIGS_S: Final = 60.0  # for how long a topic's settings are good
_LOOK_S: Final = 10.0  # between two looks


@dataclass(frozen=True, slots=True)
class Kept:
    """What Kafka keeps of each partition of a topic; None: all of it."""

    ms: int | None
    bytes: int | None


class Retention:
    """Looks at the topics that groups have yet to read. For one thread."""

    def __init__(self, admin: AdminClient, share: float) -> None:
        """`share` of a topic's retention that may be used."""
        self.trouble: str | None = None
        self._admin = admin
        self._share = share
        self._kept: dict[str, Kept] = {}
        self._asked_at = self._looked_at = float("-inf")
        self._stages: dict[str, Stage] = {}
        self._is_mute = False

    def tell(self, group: str, stage: Stage) -> None:
        """Where a group stands."""
        self._stages[group] = stage

    def look(self, held: int) -> None:
        """Look again when it is time. `held`: the bytes of the largest backlog of a partition.

        What Kafka does not let us ask is not looked at; this is said once.
        """
        if monotonic() < self._looked_at + _LOOK_S:
            return
        self._looked_at = monotonic()
        try:
            self.trouble = self._look(held)
        except KafkaException as error:
            self.trouble = None
            if not self._is_mute:
                logger().warning("retention_check_failed", text=error.args[0].str())
            self._is_mute = True
        else:
            self._is_mute = False

    def _look(self, held: int) -> str | None:
        lagging = [(at, committed) for stage in self._stages.values() for at, (committed, end) in stage.items()
                   if committed < end]  # fmt: skip
        kept = self._ask_kept({topic for (topic, _), _ in lagging})
        if size := too_large(kept, held, self._share):
            return size
        now = int(time() * 1000)
        wanted = {at: max(0, now - int(ms * self._share)) for at, _ in lagging if (ms := kept[at[0]].ms) is not None}
        young = self._ask_young(wanted)
        for at, committed in lagging:
            if at in young and committed < young[at]:
                return f"a record of {at[0]} that is not consumed is older than {self._share:.0%} of its retention.ms"
        return None

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

    def _ask_young(self, since: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
        """The first record of each partition that is no older than a time; one beyond all where there is none."""
        if not since:
            return {}
        asked = {TopicPartition(*at): OffsetSpec.for_timestamp(ms) for at, ms in since.items()}
        found = self._admin.list_offsets(asked, request_timeout=TIMEOUT_S)
        offsets = {(at.topic, at.partition): future.result().offset for at, future in found.items()}
        return {at: offset if offset >= 0 else 1 << 63 for at, offset in offsets.items()}


def too_large(kept: Mapping[str, Kept], held: int, share: float) -> str | None:
    """Whether the largest backlog is more than this share of what a topic keeps."""
    for topic, one in sorted(kept.items()):
        if one.bytes is not None and held > one.bytes * share:
            return f"{held} bytes are not consumed, more than {share:.0%} of retention.bytes of {topic}"
    return None
