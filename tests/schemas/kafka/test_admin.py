import time
from dataclasses import replace

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from schemas.kafka.admin import TopicMissingError, create, differences, partitions_of
from schemas.kafka.clients import consumer_config, producer_config
from schemas.settings import KafkaSettings
from schemas.topics import DAY_MS, Topics, TopicSpec

MINUTE_MS = 60_000


def test_the_embedded_broker_has_four_partitions_of_each_topic(mock_kafka: KafkaSettings) -> None:
    admin = AdminClient({"bootstrap.servers": mock_kafka.bootstrap})
    assert partitions_of(admin, "identity.evidence") == 4


@pytest.mark.kafka
def test_the_partitions_of_a_topic_are_counted_and_a_missing_topic_is_told(kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    create(admin, [TopicSpec("three", 3, 1, {})])
    assert partitions_of(admin, "three") == 3
    with pytest.raises(TopicMissingError, match="topics create"):
        partitions_of(admin, "absent")


@pytest.mark.kafka
@pytest.mark.parametrize("wrong_by_days", [-40, 40])
def test_a_record_is_as_old_as_the_broker_says_whatever_the_clock_of_who_wrote_it(
    kafka: str, wrong_by_days: int
) -> None:
    settings = KafkaSettings(bootstrap=kafka, prefix=f"aged{wrong_by_days}.")
    specs = Topics(settings.prefix).specs(1, 1)
    create(AdminClient({"bootstrap.servers": kafka}), specs)
    now = int(time.time() * 1000)
    producer = Producer(producer_config(settings, "test"))
    for spec in specs:
        producer.produce(spec.name, b"x", b"k", 0, timestamp=now + wrong_by_days * DAY_MS)
    assert not producer.flush(30)
    consumer = Consumer(consumer_config(settings, "test", "-"))
    consumer.assign([TopicPartition(spec.name, 0, 0) for spec in specs])
    found: dict[str | None, tuple[int, int]] = {}
    while len(found) < len(specs) and time.time() * 1000 < now + MINUTE_MS:
        for record in consumer.consume(100, 1.0):
            assert record.error() is None
            found[record.topic()] = record.timestamp()
    consumer.close()
    assert found.keys() == {spec.name for spec in specs}
    assert {kind for kind, _ in found.values()} == {TIMESTAMP_LOG_APPEND_TIME}
    assert all(abs(at - now) < MINUTE_MS for _, at in found.values())


@pytest.mark.kafka
def test_a_topic_that_is_there_is_left_as_it_is_and_told_until_somebody_alters_it(kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    key, value = "message.timestamp.type", "LogAppendTime"
    [spec] = [one for one in Topics("older.").specs(1, 1) if one.name == "older.timeline.events"]
    assert create(admin, [replace(spec, settings=spec.settings | {key: "CreateTime"})]) == [spec.name]
    assert create(admin, [spec]) == []
    assert [one.what for one in differences(admin, [spec])] == [f"{key} is CreateTime, should be {value}"]
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, spec.name, incremental_configs=[entry])
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(timeout=20)
    assert differences(admin, [spec]) == []
