"""Where the time of an interaction goes between its acceptance and the answer that has it, stage by stage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

import httpx
from confluent_kafka import Consumer, TopicPartition

from schemas.topics import Topics

PATIENCE_S: Final = 30.0
_STORED: Final = "SELECT subject, toUnixTimestamp64Milli(stored_at) FROM interactions WHERE tenant = 'default' AND "


@dataclass(frozen=True, slots=True)
class Seen:
    """One that was looked for: when it was accepted, and when an answer had it; seconds since 1970."""

    accepted: float
    answered: float


def stages(seen: Mapping[str, Seen], bootstrap: str, store: httpx.Client) -> dict[str, int]:
    """As `medians`, of what Kafka and ClickHouse say; `seen` by subject, each of one interaction alone."""
    return medians(seen, _in_topic(bootstrap, frozenset(seen)), _stored(store, frozenset(seen)))


def medians(seen: Mapping[str, Seen], in_topic: Mapping[str, float], stored: Mapping[str, float]) -> dict[str, int]:
    """In ms: until the timeline's topic has it (processor), ClickHouse makes its row (sink), an answer has it.

    Less than nothing: the processor was done before the client had its 200.
    """
    took: dict[str, Callable[[str], float]] = {
        "processed": lambda name: in_topic[name] - seen[name].accepted,
        "inserted": lambda name: stored[name] - in_topic[name],
        "answered": lambda name: seen[name].answered - stored[name],
    }
    return {stage: round(median(map(of, seen)) * 1000) for stage, of in took.items()}


def _in_topic(bootstrap: str, subjects: frozenset[str]) -> dict[str, float]:
    """When the broker had the timeline's record of each."""
    wanted = {subject.encode(): subject for subject in subjects}
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "enable.partition.eof": True})
    topic = Topics().timeline
    partitions = consumer.list_topics(topic, PATIENCE_S).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found: dict[str, float] = {}
    ended = 0
    while ended < len(partitions):
        message = consumer.poll(PATIENCE_S)
        assert message is not None, "the broker does not answer"
        if message.error():
            ended += 1
        elif (key := message.key()) in wanted:
            found[wanted[key]] = message.timestamp()[1] / 1000
    consumer.close()
    return found


def _stored(store: httpx.Client, subjects: frozenset[str]) -> dict[str, float]:
    """When ClickHouse made the row of each."""
    names = ", ".join(f"'{subject}'" for subject in sorted(subjects))
    answer = store.post("/", params={"database": "throughline"}, content=f"{_STORED} subject IN ({names})")
    rows = (line.split("\t") for line in answer.raise_for_status().text.splitlines())
    return {subject: int(at) / 1000 for subject, at in rows}
