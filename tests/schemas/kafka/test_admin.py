import pytest
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import TopicMissingError, create, partitions_of
from schemas.settings import KafkaSettings
from schemas.topics import TopicSpec


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
