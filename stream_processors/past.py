"""Records that were processed before, read again from Kafka."""

from collections.abc import Iterator
from time import monotonic, time
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Place

from schemas.kafka.clients import Config
from schemas.telemetry import logger
from stream_processors.store import SKEW_MS
from stream_processors.transport.errors import is_passing

_RECORDS: Final = 4000  # read at once
_GATHER_S: Final = 0.05
_PEEK_S: Final = 5.0
_ASK_S: Final = 10.0


class Span(NamedTuple):
    """Records of a partition: [begin, end), of which the partition holds what is below `high`."""

    at: tuple[str, int]
    begin: int
    end: int
    high: int


class Past:
    """A consumer of its own, which belongs to no group and commits nothing. Used by one thread."""

    def __init__(self, config: Config, *, knows_times: bool) -> None:
        """`config`: of the group's consumer. `knows_times`: whether Kafka finds records by their time."""
        own: Config = {"enable.partition.eof": True, "auto.offset.reset": "earliest", "log_level": 0}
        self._consumer = Consumer(config | own)
        self._knows_times = knows_times

    def spans(self, topic: str) -> list[Span]:
        """All that each partition of a topic holds now.

        Raises:
            KafkaException: Kafka does not answer.
        """
        found = []
        for number in self._consumer.list_topics(topic, timeout=_ASK_S).topics[topic].partitions:
            low, high = self._consumer.get_watermark_offsets(Place(topic, number), timeout=_ASK_S)
            found.append(Span((topic, number), low, high, high))
        return found

    def since(self, span: Span, window: int) -> Span:
        """What of it can still matter to the record at its end: no more than the window (milliseconds) before it.

        Raises:
            KafkaException: Kafka does not answer.
        """
        if not self._knows_times:
            return span
        wanted = self._arrival(span) - window - SKEW_MS
        [found] = self._consumer.offsets_for_times([Place(*span.at, max(0, wanted))], timeout=_ASK_S)
        if found.error is not None:
            raise KafkaException(found.error)
        begin = span.end if found.offset < 0 else min(found.offset, span.end)  # negative: none is so young
        return span._replace(begin=max(span.begin, begin))

    def read(self, span: Span) -> Iterator[list[Message]]:
        """The records that are still there, in their order, some at a time; an empty list while none comes.

        Raises:
            KafkaException: Kafka refuses for good.
        """
        if span.begin >= span.end:
            return
        self._consumer.assign([Place(*span.at, span.begin)])
        is_over = False
        while not is_over:
            records = []
            for record in self._consumer.consume(_RECORDS, _GATHER_S):
                if (error := record.error()) is not None:
                    is_over |= _is_end(error)
                elif (record.offset() or 0) < span.end:
                    records.append(record)
                    is_over |= record.offset() == span.end - 1
                else:
                    is_over = True
            yield records
        self._consumer.unassign()

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _arrival(self, span: Span) -> int:
        """When the record at the end arrived, in milliseconds since 1970; now, if it is yet to come."""
        now = int(time() * 1000)
        if span.end >= span.high:
            return now
        self._consumer.assign([Place(*span.at, span.end)])
        until = monotonic() + _PEEK_S
        while monotonic() < until:
            record = self._consumer.poll(_PEEK_S)
            if record is not None and record.error() is None:
                return min(now, record.timestamp()[1])
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001  librdkafka's name


def _is_end(error: KafkaError) -> bool:
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  librdkafka's name
        return True
    if not is_passing(error):
        raise KafkaException(error)
    logger().warning("kafka_troubled", code=error.name(), text=error.str())
    return False
