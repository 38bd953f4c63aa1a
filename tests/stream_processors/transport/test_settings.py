import pytest

from schemas.settings import ConfigurationError, KafkaSettings
from stream_processors.transport import Reading, reading
from stream_processors.transport.start import GroupPositions


def how(**keys: object) -> Reading:
    kafka = KafkaSettings.model_validate({"bootstrap": "host:9092", **keys})
    return reading(kafka, "group", run_bytes=1, open_bytes=2, assigned=lambda _: None, fail=lambda _: None)


def test_every_key_of_kafka_reaches_the_consumer() -> None:
    config = how(
        security={"protocol": "sasl_ssl"}, sasl={"mechanism": "PLAIN", "username": "u"}, ssl={"ca.location": "/ca.pem"}
    ).config
    assert config["security.protocol"] == "sasl_ssl"
    assert (config["sasl.mechanism"], config["sasl.username"]) == ("PLAIN", "u")
    assert config["ssl.ca.location"] == "/ca.pem"
    assert config["group.id"] == "group"


def test_what_exactly_once_leans_on_stays() -> None:
    config = how(**{"queued.max.messages.kbytes": "1024"}).config
    assert config["partition.assignment.strategy"] == "roundrobin"
    assert config["auto.offset.reset"] == "error"
    assert config["enable.auto.commit"] is False
    assert config["queued.max.messages.kbytes"] == "1024"


@pytest.mark.parametrize("key", ["partition.assignment.strategy", "group.protocol"])
def test_an_assignment_that_is_not_eager_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"kafka.{key} cannot be set"):
        how(**{key: "consumer"})


def test_a_group_without_a_position_begins_where_kafka_is_told_to() -> None:
    assert how().positions == GroupPositions(from_beginning=True)
    assert how(**{"auto.offset.reset": "latest"}).positions == GroupPositions(from_beginning=False)
