"""What the transport needs to know, made from [kafka]."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.kafka.clients import Config, consumer_config
from schemas.settings import ConfigurationError, KafkaSettings
from stream_processors.transport.progress import OPEN_RUNS, TopicPartition
from stream_processors.transport.start import GroupPositions, Positions

_HELD: Final = {
    "partition.assignment.strategy": "Faust takes an assignment as the whole of it, so it must be eager",
    "group.protocol": "Faust takes an assignment as the whole of it, so it must be the classic protocol",
}
_SMALL: Final[Config] = {  # librdkafka's own are for machines with little else to hold
    "queued.max.messages.kbytes": 8 << 10,
    "fetch.max.bytes": 8 << 20,
    "fetch.message.max.bytes": 1 << 20,
}
_BEGINNING: Final = ("earliest", "smallest", "beginning")


@dataclass(frozen=True, slots=True)
class Reading:
    """How records are read.

    Attributes:
        config: of the librdkafka consumer.
        positions: who says where partitions begin.
        run_bytes: the size of a run, at most, unless a single record is larger.
        open_bytes: records that are read and not finished, above which nothing more is read.
        open_runs: the same in runs.
        assigned: called from the poller's thread at each assignment, before its first run arrives; it may wait, and
            raise KafkaException to be asked again.
        fail: called once, from any thread, with what the consumer cannot survive.
    """

    config: Config
    positions: Positions
    run_bytes: int
    open_bytes: int
    open_runs: int
    assigned: Callable[[set[TopicPartition]], None]
    fail: Callable[[BaseException], None]


def reading(
    kafka: KafkaSettings,
    group: str,
    *,
    part: str = "process",
    positions: Positions | None = None,
    run_bytes: int,
    open_bytes: int,
    open_runs: int = OPEN_RUNS,
    assigned: Callable[[set[TopicPartition]], None],
    fail: Callable[[BaseException], None],
) -> Reading:
    """The settings of a part's consumer; every other key of [kafka] reaches it. By default the group's commits decide.

    Raises:
        ConfigurationError: a key is set that the transport must hold itself.
    """
    for key, why in _HELD.items():
        if key in kafka.librdkafka:
            msg = f"kafka.{key} cannot be set: {why}"
            raise ConfigurationError(msg)
    config = consumer_config(kafka, part, group)
    reset = config.pop("auto.offset.reset", "earliest")
    config |= _SMALL | kafka.librdkafka
    config.setdefault(
        "session.timeout.ms", 6_000 if kafka.is_embedded else 10_000
    )  # how long a killed worker is missed
    config.setdefault("heartbeat.interval.ms", 1_000)
    config |= {
        "partition.assignment.strategy": "roundrobin",
        "auto.offset.reset": "error",  # where reading begins is said at each assignment; a jump must not pass unseen
    }
    positions = positions or GroupPositions(from_beginning=reset in _BEGINNING)
    return Reading(config, positions, run_bytes, open_bytes, open_runs, assigned, fail)
