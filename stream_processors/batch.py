"""What the pipeline works with: its plan, and a batch with its parts, one for each partition."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.topics import Topics
from stream_processors.core.step import Step
from stream_processors.outlet import Outlet, Placed
from stream_processors.store import Store
from stream_processors.transport import Run

TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pipeline needs to know.

    Attributes:
        topics: the names.
        channels: the channel of each raw topic.
        sources: the sources that are configured; others are `unknown` in metrics.
        window: of deduplication, in milliseconds.
        batch_bytes: values in one batch, at most, unless a single run is larger.
    """

    topics: Topics
    channels: Mapping[str, str]
    sources: frozenset[str]
    window: int
    batch_bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """The runs of one partition in a batch, and what became of them."""

    runs: list[Run]
    store: Store
    done: Step
    evidence: list[Placed]
    latest: int  # Kafka's time of the youngest record, in milliseconds since 1970


@dataclass(frozen=True, slots=True)
class Batch:
    """What is on its way to Kafka."""

    parts: dict[TopicPartition, Part]
    outlet: Outlet
    sizes: dict[str, int]  # bytes for each output topic

    @property
    def size(self) -> int:
        """Bytes of all outputs."""
        return sum(self.sizes.values())

    @property
    def is_current(self) -> bool:
        """Whether any of its partitions is still ours, as it was when it was read."""
        return any(part.runs[-1].is_current for part in self.parts.values())
