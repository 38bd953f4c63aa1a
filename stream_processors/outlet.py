"""A producer for the outputs: all of a batch is in Kafka, or the process ends."""

from collections.abc import Callable, Iterable
from typing import Final

from confluent_kafka import KafkaError, Message, Producer

from schemas.kafka.clients import Config, producer_config
from schemas.kafka.stuck import Patience, patience_of
from schemas.settings import KafkaSettings

Placed = tuple[int, bytes, bytes]  # partition, key, value of a record
_SLICE_S: Final = 0.2


class DeliveryError(Exception):
    """Kafka refused an output, for good; nothing of its batch may be committed."""


class Outlet:
    """A producer for batches, one at a time. Used by one thread."""

    def __init__(self, kafka: KafkaSettings, part: str = "process", patience: Patience | None = None) -> None:
        """`patience`: with a producer that delivers nothing; by default, while Kafka answers somebody else."""
        self._failures: list[KafkaError] = []
        self._patience = patience or patience_of(kafka, part)
        self._producer = Producer(outlet_config(kafka, part) | {"on_delivery": self._on_failure})

    def send(self, topic: str, outputs: Iterable[tuple[bytes, bytes]]) -> None:
        """Hand key and value of records to the producer; they are on their way when this returns."""
        produce = self._producer.produce
        for key, value in outputs:
            produce(topic, value, key)

    def send_to(self, topic: str, outputs: Iterable[Placed]) -> None:
        """As `send`, to the partitions that are named."""
        produce = self._producer.produce
        for partition, key, value in outputs:
            produce(topic, value, key, partition)

    def flush(self, give_up: Callable[[], bool]) -> bool:
        """Wait until Kafka has all of it, for as long as that is away. False: given up, and nobody knows.

        Raises:
            DeliveryError: an output was refused.
            StuckError: Kafka answers, and takes nothing from this producer; nothing of its batch may be committed.
        """
        least = len(self._producer)
        self._patience.begin()
        while left := self._producer.flush(_SLICE_S):
            if self._failures or give_up():
                break
            if left < least:
                least = left
                self._patience.begin()
            self._patience.check("Kafka answers, and has taken no output for a minute")
        if self._failures:
            first = self._failures[0]
            raise DeliveryError(
                f"{len(self._failures)} outputs were refused, the first with {first.name()}: {first.str()}"
            )
        return not len(self._producer)

    def close(self) -> None:
        """Forget what is on its way."""
        self._producer.purge()
        self._producer.flush(_SLICE_S)
        self._producer.close()

    def _on_failure(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failures.append(error)


def outlet_config(kafka: KafkaSettings, part: str = "process") -> Config:
    """Reports of failures only, and no end to trying: an absent broker is waited for."""
    config = producer_config(kafka, part)
    config.setdefault("message.timeout.ms", 0)
    return config | {"delivery.report.only.error": True, "log_level": 0}  # the consumer tells when Kafka is away
