"""librdkafka's settings for every client of ours; what [kafka] passes through wins where it is safe."""

from typing import Final

from schemas.settings import ConfigurationError, KafkaSettings
from schemas.topics import MAX_RECORD

Config = dict[str, str | int | float | bool]
# What exactly-once leans on: to change these is to lose or double interactions.
_HELD: Final = frozenset(
    {"enable.idempotence", "acks", "partitioner", "enable.auto.commit", "enable.auto.offset.store", "group.id"}
)


def _common(kafka: KafkaSettings, part: str) -> Config:
    if kafka.bootstrap == "embedded":
        msg = "kafka.bootstrap is embedded: run `throughline up`, or name a broker as host:9092"
        raise ConfigurationError(msg)
    if held := _HELD & kafka.librdkafka.keys():
        msg = f"kafka.{min(held)} cannot be set: delivery exactly once depends on it"
        raise ConfigurationError(msg)
    return {
        "bootstrap.servers": kafka.bootstrap,
        "client.id": f"throughline-{part}",
        "log_level": 4,
        "reconnect.backoff.max.ms": 1000,  # 10 s by default: a broker that is back would stay unseen for as long
        # 5 minutes by default: a broker that stops in order can leave a client knowing none, for as long
        "metadata.recovery.rebootstrap.trigger.ms": 10_000,
        **kafka.librdkafka,
    }


def producer_config(kafka: KafkaSettings, part: str) -> Config:
    """An idempotent producer that waits for all replicas and partitions as Java clients do."""
    defaults: Config = {"compression.type": "lz4", "linger.ms": 5, "message.max.bytes": MAX_RECORD}
    return {
        **defaults,
        **_common(kafka, part),
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
    }


def consumer_config(kafka: KafkaSettings, part: str, group: str) -> Config:
    """A consumer that commits by itself never, begins with the first record, and learns of lost positions."""
    defaults: Config = {
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 5,  # 1000 by default: a second's pause whenever the local queue was full
        "fetch.wait.max.ms": 50,
        "fetch.message.max.bytes": MAX_RECORD,
    }
    return {
        **defaults,
        **_common(kafka, part),
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
    }


def process_group(kafka: KafkaSettings) -> str:
    """The processors' consumer group."""
    return f"{kafka.prefix}throughline-process"


def resolve_group(kafka: KafkaSettings) -> str:
    """The resolvers' consumer group."""
    return f"{kafka.prefix}throughline-resolve"


def sink_group(kafka: KafkaSettings) -> str:
    """The sinks' consumer group."""
    return f"{kafka.prefix}throughline-sink"
