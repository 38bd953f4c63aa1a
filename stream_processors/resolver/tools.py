"""What all shards of a worker share."""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.identity import Rules
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors.resolver.contract import Core
from stream_processors.resolver.emitter import Emitter
from stream_processors.resolver.graphs import Graphs
from stream_processors.resolver.halt import Halt
from stream_processors.resolver.records import Limits
from stream_processors.resolver.told import Told


@dataclass(frozen=True, slots=True)
class Tools:
    """What every shard works with.

    Attributes:
        configured: the rules of the configuration.
        told: what was said of profiles so far.
        shards: how many partitions evidence has; asked of Kafka.
    """

    core: Core
    graphs: Graphs
    emitter: Emitter
    topics: Topics
    limits: Limits
    metrics: Metrics
    halt: Halt
    configured: Rules
    told: Told
    shards: Callable[[], int]
