"""A resolver and a sink in a few lines, for tests of commands that wait: evidence into ClickHouse, and its map."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from confluent_kafka import Consumer

from schemas.evidence import Evidence, decode
from schemas.kafka.clients import consumer_config, resolve_group, sink_group
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.clickhouse.client import ClickHouse
from sinks.tables import EVIDENCE
from tests.stream_processors.core.identity_worlds import TENANT
from tests.throughline.identity.stored import put_map
from throughline.identity.facts import Facts


class Resolver:
    """What came: `records` is (partition, value)."""

    def __init__(self, kafka: KafkaSettings, client: ClickHouse) -> None:
        self.records: list[tuple[int, bytes]] = []
        self._client = client
        self._stop = threading.Event()
        self._consumers = [self._consumer(kafka, group) for group in (resolve_group(kafka), sink_group(kafka))]
        self._thread = threading.Thread(target=self._run)

    @staticmethod
    def _consumer(kafka: KafkaSettings, group: str) -> Consumer:
        consumer = Consumer(consumer_config(kafka, "test", group))
        topics = Topics(kafka.prefix)
        consumer.subscribe([topics.evidence] if group == resolve_group(kafka) else list(topics.resolved))
        return consumer

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        for consumer in self._consumers:
            consumer.close()

    def _run(self) -> None:
        reader, _ = self._consumers
        while not self._stop.is_set():
            for message in reader.consume(100, 0.05):
                value = message.value()
                if message.error() is not None or value is None:
                    continue  # the topic is not there yet
                self.records.append((message.partition() or 0, value))
                assert self._client.insert_ready(EVIDENCE, value, uuid4().hex) is None
                self._map(message.offset() or 0)
                reader.commit(message=message)

    def _map(self, offset: int) -> None:
        every = [fact for page in Facts(self._client, TENANT).all() for fact in page]
        put_map(self._client, every, offset + 1)

    def facts(self) -> list[Evidence]:
        """What came, as facts."""
        return [fact for _, value in self.records if isinstance(fact := decode(value), Evidence)]


@contextmanager
def resolving(kafka: KafkaSettings, client: ClickHouse) -> Iterator[Resolver]:
    """One that runs for the while."""
    resolver = Resolver(kafka, client)
    resolver.start()
    try:
        yield resolver
    finally:
        resolver.stop()
