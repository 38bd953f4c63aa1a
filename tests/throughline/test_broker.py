"""The embedded broker is Kafka enough for all that we ask of it; and a real one is too."""

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.kafka.admin import admin_client, create, differences, topic_ids
from schemas.kafka.clients import consumer_config, producer_config
from schemas.settings import ConfigurationError, KafkaSettings
from schemas.topics import Topics
from throughline.embedded.broker import embedded_broker


def _round_trip(kafka: KafkaSettings, topic: str) -> None:
    producer = Producer(producer_config(kafka, "test"))
    producer.produce(topic, b"value", b"key", headers={"h": b"1"})
    assert producer.flush(20) == 0
    consumer = Consumer(consumer_config(kafka, "test", "group"))
    try:
        partitions = [TopicPartition(topic, number) for number in range(4)]
        [end] = [p for p in partitions if consumer.get_watermark_offsets(p, timeout=10)[1] == 1]
        consumer.commit(offsets=[TopicPartition(topic, end.partition, 1, "pending=5")], asynchronous=False)
        [found] = consumer.committed([end], timeout=10)
        assert (found.offset, found.metadata) == (1, "pending=5")
    finally:
        consumer.close()


def test_embedded_broker_commits_with_metadata(mock_kafka: KafkaSettings) -> None:
    _round_trip(mock_kafka, "interactions.web")


def test_each_embedded_run_has_its_own_topic_ids(mock_kafka: KafkaSettings) -> None:
    admin = admin_client(producer_config(mock_kafka, "test"))
    topics = Topics().raw
    with embedded_broker(KafkaSettings()) as second:
        assert set(topic_ids(admin, mock_kafka, topics).values()).isdisjoint(topic_ids(admin, second, topics).values())
    assert topic_ids(admin, mock_kafka, topics) == topic_ids(admin, mock_kafka, topics)


def test_embedded_broker_refuses_another_number_of_partitions() -> None:
    with pytest.raises(ConfigurationError, match="partitions = 8"), embedded_broker(KafkaSettings(partitions=8)):
        pass


@pytest.mark.kafka
def test_real_topics_are_created_once_and_checked(kafka: str) -> None:
    settings = KafkaSettings(bootstrap=kafka, prefix="created.")
    admin = admin_client(producer_config(settings, "test"))
    specs = Topics("created.").specs(4, 1)
    assert {d.what for d in differences(admin, specs)} == {"missing"}
    assert sorted(create(admin, specs)) == sorted(spec.name for spec in specs)
    assert create(admin, specs) == []
    assert differences(admin, specs) == []
    assert [d.what for d in differences(admin, Topics("created.").specs(5, 1))] == ["4 partitions, configured 5"] * len(
        specs
    )
    ids = topic_ids(admin, settings, [spec.name for spec in specs])
    assert len(set(ids.values())) == len(specs)
    _round_trip(settings, "created.interactions.web")
