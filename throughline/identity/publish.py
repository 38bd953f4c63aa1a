"""Facts into `identity.evidence`: each into its tenant's shard, rules into every one; waited for."""

from collections.abc import Sequence

from schemas.evidence import Evidence, shard_of
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from throughline.kafka import Outgoing, partitions_of, send


def publish(kafka: KafkaSettings, facts: Sequence[Evidence]) -> dict[int, int]:
    """Write facts; by partition, the offset of the last one.

    Raises:
        Failed: Kafka does not have all of them. To publish them again does no harm.
    """
    topic = Topics(kafka.prefix).evidence
    partitions = partitions_of(kafka, topic)
    records = [
        Outgoing(topic, partition, str(fact.fact_id).encode(), fact.encode())
        for fact in facts
        for partition in ([shard_of(fact.tenant, partitions)] if fact.tenant else range(partitions))
    ]
    return send(kafka, records)
