"""What `customer.profiles` says of earlier generations: a new one reads it once, and leaves nothing of it standing."""

from collections.abc import Iterator
from typing import Protocol

from schemas.kafka.clients import Config
from stream_processors.past import Past
from stream_processors.resolver.contract import Output


class Told(Protocol):
    """The records of all partitions, those of one key in their order, some at a time."""

    def __call__(self) -> Iterator[list[Output]]:
        """Read them. An empty list while none comes, so that whoever reads may leave off.

        Raises:
            KafkaException: Kafka does not answer, or refuses.
        """


def told_by(config: Config, topic: str) -> Told:
    """The records of a topic; `config`: of a consumer."""

    def read() -> Iterator[list[Output]]:
        past = Past(config, knows_times=False)
        try:
            for span in past.spans(topic):
                for records in past.read(span):
                    yield [(record.key() or b"", record.value() or b"") for record in records]
        finally:
            past.close()

    return read
