"""Records as Kafka hands them, as the step takes them: column by column."""

from collections.abc import Sequence

from confluent_kafka import Message

from stream_processors.core.raw import Raw
from stream_processors.store import Store


def columns_of(channel: str, at: tuple[str, int], store: Store, records: Sequence[Message]) -> Raw:
    """Records of one partition, in the order of their offsets; `store` knows the topic's ids."""
    topic, partition = at
    return Raw(
        channel,
        topic,
        partition,
        store.topic_ids,
        [record.value() or b"" for record in records],
        [record.offset() for record in records],  # type: ignore[misc]  # what was read has one
        [max(0, record.timestamp()[1]) for record in records],
        [record.headers() for record in records],  # type: ignore[misc]  # pairs, as they are read
    )
