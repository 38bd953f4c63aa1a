import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import create
from schemas.kafka.clients import consumer_config, producer_config
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings
from schemas.topics import TopicSpec

TOPIC = "offsets-test"


def ask(kafka: KafkaSettings, partitions: int) -> None:
    producer = Producer(producer_config(kafka, "test"))
    for number in range(10):
        producer.produce(TOPIC, b"x", partition=number % 2)
    assert producer.flush(10) == 0
    offsets = KafkaOffsets(kafka, "test")
    every = offsets.partitions([TOPIC, "no-such-topic"])
    assert sorted(every) == [(TOPIC, number) for number in range(partitions)]
    assert offsets.ends([TOPIC]) == offsets.ends_of(every) == {at: 5 if at[1] < 2 else 0 for at in every}
    assert offsets.committed("nobody", every) == dict.fromkeys(every, 0)
    consumer = Consumer(consumer_config(kafka, "test", "somebody"))
    consumer.commit(offsets=[TopicPartition(TOPIC, 1, 3)], asynchronous=False)
    consumer.close()
    assert offsets.committed("somebody", every) == dict.fromkeys(every, 0) | {(TOPIC, 1): 3}
    assert offsets.committed("somebody", []) == offsets.ends_of([]) == {}
    offsets.close()


def test_it_asks_the_embedded_broker(mock_kafka: KafkaSettings) -> None:
    ask(mock_kafka, 4)


@pytest.mark.kafka
def test_it_asks_kafka(kafka: str) -> None:
    create(AdminClient({"bootstrap.servers": kafka}), [TopicSpec(TOPIC, 2, 1, {})])
    ask(KafkaSettings(bootstrap=kafka), 2)
