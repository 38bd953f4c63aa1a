"""The records that all contestants read: interactions, copies of some, and a few that are none."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from benchmarks.events import documents
from schemas.kafka.admin import create
from schemas.kafka.clients import producer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics

PARTITIONS: Final = 4
COPY_EVERY: Final = 100
COPY_AFTER: Final = 2_000  # records between an interaction and its copy
BAD_EVERY: Final = 20_000
EVENTS_EACH: Final = 50  # of a customer: few say something new of who they are


@dataclass(frozen=True, slots=True)
class Course:
    """What waits in `<prefix>interactions.web`.

    Attributes:
        ids: of the interactions; each must come out once.
        copies, bad: records that must not come out.
        size: bytes of a record, on average.
    """

    bootstrap: str
    prefix: str
    ids: frozenset[bytes]
    copies: int
    bad: int
    size: int

    @property
    def source(self) -> str:
        """The topic."""
        return Topics(self.prefix).interactions("web")

    @property
    def records(self) -> int:
        """All of them."""
        return len(self.ids) + self.copies + self.bad


def lay(bootstrap: str, prefix: str, interactions: Iterable[Mapping[str, object]]) -> Course:
    """Create the topics, and fill the one that is read with interactions and what goes with them."""
    create(AdminClient({"bootstrap.servers": bootstrap}), Topics(prefix).specs(PARTITIONS, 1))
    producer = Producer(producer_config(KafkaSettings(bootstrap=bootstrap, prefix=prefix), "bench"))
    topic = Topics(prefix).interactions("web")
    ids: list[bytes] = []
    said = {"interaction": 0, "copy": 0, "bad": 0}
    size = 0
    for what, event_id, value in _records(interactions):
        producer.produce(topic, value, b"default:" + event_id)
        said[what] += 1
        size += len(value)
        if what == "interaction":
            ids.append(event_id)
        if len(ids) % 1_000 == 0:
            producer.poll(0)
        if len(ids) % 50_000 == 0:
            producer.flush()
    assert not producer.flush()
    return Course(bootstrap, prefix, frozenset(ids), said["copy"], said["bad"], size // sum(said.values()))


def customers_of(count: int) -> Iterator[Mapping[str, object]]:
    """So many interactions, of customers with EVENTS_EACH."""
    return documents(count, max(1, count // EVENTS_EACH))


def _records(interactions: Iterable[Mapping[str, object]]) -> Iterator[tuple[str, bytes, bytes]]:
    """What it is, its event id, and its value."""
    past: deque[tuple[bytes, bytes]] = deque(maxlen=COPY_AFTER)
    for number, document in enumerate(interactions, 1):
        event_id, value = str(document["event_id"]).encode(), orjson.dumps(document)
        yield "interaction", event_id, value
        past.append((event_id, value))
        if number % COPY_EVERY == 0:
            yield "copy", *past[0]
        if number % BAD_EVERY == 0:
            [broken] = documents(1)
            yield "bad", str(broken["event_id"]).encode(), orjson.dumps(broken | {"identifiers": []})
