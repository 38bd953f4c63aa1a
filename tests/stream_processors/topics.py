"""Topics of a test's own, what is sent to them, and what comes out."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import orjson
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from benchmarks.events import documents
from schemas.kafka.admin import create
from schemas.kafka.clients import process_group, producer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics

RAW = "interactions.web"


def own_topics(bootstrap: str, *, timed_by: str = "LogAppendTime", **keys: str) -> KafkaSettings:
    """Topics of a fresh prefix on a real broker; `timed_by`: LogAppendTime, or CreateTime, which is the producer's."""
    kafka = KafkaSettings.model_validate({"bootstrap": bootstrap, "prefix": f"t{uuid4().hex[:8]}.", **keys})
    specs = [
        replace(spec, settings=spec.settings | {"message.timestamp.type": timed_by})
        for spec in Topics(kafka.prefix).specs(4, 1)
    ]
    create(AdminClient({"bootstrap.servers": bootstrap}), specs)
    return kafka


def interactions(count: int, begin: int = 0) -> list[bytes]:
    """Distinct ones, the same at every call with the same `begin`."""
    made = []
    for number, document in enumerate(documents(count), begin):
        made.append(orjson.dumps(document | {"event_id": str(UUID(int=number)), "fingerprint": f"{number:016x}"}))
    return made


def send(kafka: KafkaSettings, values: Iterable[bytes], topic: str = RAW) -> None:
    producer = Producer(producer_config(kafka, "test"))
    for number, value in enumerate(values):
        try:
            key = f"default:{orjson.loads(value)['event_id']}".encode()
        except (orjson.JSONDecodeError, KeyError, TypeError):
            key = b"junk"
        producer.produce(kafka.prefix + topic, value, key)
        if number % 1000 == 0:
            producer.poll(0)
    assert not producer.flush(60)


def committed(kafka: KafkaSettings, group: str, topics: Iterable[str]) -> int:
    """The sum of a group's positions."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "log_level": 2})
    places = [TopicPartition(topic, number) for topic in topics for number in range(4)]
    try:
        found = consumer.committed(places, timeout=20)
    except KafkaException:  # a broker that has just started looks for its coordinators
        return 0
    finally:
        consumer.close()
    return sum(max(0, place.offset) for place in found)


def consumes(kafka: KafkaSettings, group: str, topics: Iterable[str]) -> None:
    """Commit the ends of topics as a group."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "log_level": 2})
    places = [TopicPartition(topic, number) for topic in topics for number in range(4)]
    for place in places:
        place.offset = consumer.get_watermark_offsets(place, timeout=10)[1]
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()


def processed(kafka: KafkaSettings) -> int:
    """How many raw records the processors have committed."""
    return committed(kafka, process_group(kafka), Topics(kafka.prefix).raw)


@dataclass
class Outputs:
    """What is in the output topics, by the position of the raw record: topic, partition, offset."""

    stored: dict[tuple[str, int, int], list[bytes]] = field(default_factory=dict)
    duplicates: dict[tuple[str, int, int], list[bytes]] = field(default_factory=dict)
    rejected: dict[tuple[str, int, int], list[bytes]] = field(default_factory=dict)

    @property
    def events(self) -> set[str]:
        return {orjson.loads(values[0])["event_id"] for values in self.stored.values()}

    def check(self) -> None:
        """One fate for each raw position, and the same bytes however often it was written."""
        assert not self.stored.keys() & self.duplicates.keys()
        assert not self.rejected.keys() & (self.stored.keys() | self.duplicates.keys())
        for fate in (self.stored, self.duplicates, self.rejected):
            assert all(len(set(values)) == 1 for values in fate.values())


def outputs(kafka: KafkaSettings) -> Outputs:
    """Everything that is there now."""
    topics = Topics(kafka.prefix)
    found = Outputs()
    by_topic = dict(zip(topics.outputs, (found.stored, found.duplicates, found.rejected), strict=True))
    for record in _records(kafka, topics.outputs):
        value = record.value() or b""
        document = orjson.loads(value)
        position = document["raw_topic"], document["raw_partition"], document["raw_offset"]
        by_topic[record.topic() or ""].setdefault(position, []).append(value)
    return found


def evidence(kafka: KafkaSettings) -> list[tuple[int, bytes, bytes]]:
    """Partition, key and value of all facts that are there now."""
    found = _records(kafka, [Topics(kafka.prefix).evidence])
    return [(record.partition() or 0, record.key() or b"", record.value() or b"") for record in found]


def _records(kafka: KafkaSettings, topics: Iterable[str]) -> Iterator[Message]:
    """From the beginnings to the ends of now; more may come meanwhile."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "-", "log_level": 2})
    ends = {}
    for topic in topics:
        for number in range(4):
            ends[topic, number] = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=20)[1]
    consumer.assign([TopicPartition(topic, number, 0) for topic, number in ends])
    left, deadline = sum(ends.values()), time.monotonic() + 60
    while left and time.monotonic() < deadline:
        for record in consumer.consume(5000, 1.0):
            assert record.error() is None
            if (record.offset() or 0) < ends[record.topic() or "", record.partition() or 0]:
                left -= 1
                yield record
    consumer.close()
    assert not left
