"""Messages as a consumer gives them."""

from confluent_kafka import Message


def message(offset: int, value: bytes = b"x", topic: str = "t", partition: int = 0, stamp: int = 1000) -> Message:
    return Message(topic=topic, partition=partition, offset=offset, key=b"k", value=value, timestamp=(1, stamp))
