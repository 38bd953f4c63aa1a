"""Records as Kafka hands them, as the step takes them: column by column."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from confluent_kafka import Message

from stream_processors.core.raw import Headers, Raw
from stream_processors.store import Store

_MAX_HEADERS: Final = (
    64 << 10
)  # bytes of names and values: they are kept with what is rejected, which must fit a record
_LEFT_OUT: Final = ":headers-left-out"


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
        [_fitting(record.headers()) for record in records],  # type: ignore[arg-type]  # pairs, as they are read
    )


def _fitting(headers: Headers | None) -> Headers | None:
    """The first of them, as many as fit, and how many there were besides."""
    if not headers:
        return headers
    sizes = accumulate(len(name) + len(value or b"") for name, value in headers)
    count = sum(size <= _MAX_HEADERS for size in sizes)
    if count == len(headers):
        return headers
    return [*headers[:count], (_LEFT_OUT, str(len(headers) - count).encode())]
