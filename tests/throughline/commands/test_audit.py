"""`throughline audit` against real Kafka and ClickHouse; the test plays the processors, the sink is real."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from confluent_kafka import Producer

from schemas.kafka.admin import admin_client, create, topic_ids
from schemas.kafka.clients import process_group, producer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.ports import free_port
from tests.sinks.conftest import Store
from tests.sinks.rows import duplicate, interaction
from tests.sinks.running import own_topics, running, until
from tests.stream_processors.topics import consumes
from tests.throughline.commands.running import Terminal, terminal

pytestmark = [pytest.mark.kafka, pytest.mark.chdb, pytest.mark.slow, pytest.mark.timeout(300)]

PARTITION = 2


@dataclass
class Flow:
    """A raw topic, processors that the test plays, and the command."""

    kafka: KafkaSettings
    store: Store
    run: Terminal

    @property
    def topics(self) -> Topics:
        return Topics(self.kafka.prefix)

    @property
    def raw(self) -> str:
        return self.topics.interactions("web")

    @property
    def topic_id(self) -> UUID:
        return topic_ids(admin_client(producer_config(self.kafka, "test")), self.kafka, [self.raw])[self.raw]

    def accept(self, count: int) -> None:
        """Records at the intake; their values do not matter here."""
        self.send(self.raw, [b"{}"] * count)

    def process(self, offsets: Sequence[int], copies: Sequence[int] = ()) -> None:
        """Outputs of raw positions, and the commit of everything that was accepted."""
        where: dict[str, object] = {
            "raw_topic": self.raw, "raw_topic_id": str(self.topic_id), "raw_partition": PARTITION
        }  # fmt: skip
        self.send(self.topics.timeline, [interaction(x, "ada", **where, raw_offset=x) for x in offsets])
        self.send(self.topics.duplicates, [relocated(duplicate(x, 0), where) for x in copies])
        consumes(self.kafka, process_group(self.kafka), self.topics.raw)

    def send(self, topic: str, values: Sequence[bytes]) -> None:
        producer = Producer(producer_config(self.kafka, "test"))
        for value in values:
            producer.produce(topic, value, partition=PARTITION)
        assert not producer.flush(60)

    def audit(self, *arguments: str) -> "Found":
        done = self.run("audit", "--json", *arguments)
        assert done.status == 0 or "positions have no fate" in done.error, done.error
        return Found(done.status, [orjson.loads(line) for line in done.out.splitlines()])


def relocated(record: bytes, where: dict[str, object]) -> bytes:
    return orjson.dumps(orjson.loads(record) | where)


@dataclass
class Found:
    """What the command said."""

    status: int
    rows: list[dict[str, object]]

    def counts(self, *names: str) -> list[object]:
        [total] = [row for row in self.rows if row["what"] == "total"]
        return [total[name] for name in names]

    def spans(self, what: str) -> list[tuple[object, ...]]:
        """Partition, first and last of the spans that are listed."""
        return [
            (row["raw_partition"], row["first_offset"], row["last_offset"]) for row in self.rows if row["what"] == what
        ]


@pytest.fixture
def flow(kafka: str, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Flow:
    mine = own_topics(kafka)
    environment = {"THROUGHLINE_KAFKA__BOOTSTRAP": mine.bootstrap, "THROUGHLINE_KAFKA__PREFIX": mine.prefix}
    return Flow(mine, store, terminal(store, monkeypatch, tmp_path, **environment))


def forget(store: Store, offset: int) -> None:
    """Delete a fate by hand."""
    store.client.command(
        f"ALTER TABLE interactions_fates DELETE WHERE raw_offset = {offset} SETTINGS mutations_sync = 2"
    )


def test_the_ledger_adds_up_and_what_does_not_is_told_by_position(flow: Flow) -> None:
    names = ("accepted", "stored", "duplicate", "in_flight", "missing", "doubled")
    with running(flow.kafka, flow.store.url):
        flow.accept(50)
        assert flow.audit().counts(*names) == [50, 0, 0, 50, 0, 0]
        flow.process(range(40), copies=range(40, 50))
        found = flow.audit()
        assert (found.status, found.counts(*names)) == (0, [50, 40, 10, 0, 0, 0])
    settled = "SELECT settled_offset FROM accepted WHERE end_offset > 0"
    assert flow.store.client.query(settled).rows == [(50,)]  # the sink's last look, when it was stopped

    flow.accept(6)
    flow.process(range(50, 55))  # the sink is down: what waits for it is no loss, what nobody wrote is one all the same
    found = flow.audit()
    assert (found.status, found.counts(*names)) == (1, [56, 40, 10, 5, 1, 0])
    assert found.spans("missing") == [(PARTITION, 55, 55)]

    forget(flow.store, 7)
    forget(flow.store, 45)
    flow.store.client.command(
        "INSERT INTO interactions_fates SELECT * REPLACE ('rejected' AS fate)"
        " FROM interactions_fates WHERE raw_offset = 9"
    )
    found = flow.audit()
    assert (found.status, found.counts(*names)) == (1, [56, 39, 9, 5, 3, 1])
    assert found.spans("missing") == [(PARTITION, 7, 7), (PARTITION, 45, 45), (PARTITION, 55, 55)]
    assert found.spans("doubled") == [(PARTITION, 9, 9)]
    assert [row["fates"] for row in found.rows if row["what"] == "doubled"] == [["rejected", "stored"]]
    text = flow.run("audit")
    assert (text.status, text.error) == (1, "3 positions have no fate, 1 have more than one")
    assert "rejected at the intake, before Kafka: 0" in text.out


def test_what_the_processors_passed_over_is_missing_once_the_sink_has_caught_up(flow: Flow) -> None:
    with running(flow.kafka, flow.store.url):
        flow.accept(10)
        flow.process([0, 1, 2, 5, 6, 7, 8])
        found = flow.audit()
    assert (found.status, found.counts("stored", "in_flight", "missing")) == (1, [7, 0, 3])
    assert found.spans("missing") == [(PARTITION, 3, 4), (PARTITION, 9, 9)]


def test_only_what_was_accepted_since_a_time(flow: Flow) -> None:
    with running(flow.kafka, flow.store.url):
        flow.accept(10)
        flow.process(range(1, 10))
        assert flow.audit().spans("missing") == [(PARTITION, 0, 0)]
        between = datetime.now(UTC) + timedelta(milliseconds=1)
        until(lambda: datetime.now(UTC) > between + timedelta(milliseconds=1), True)
        flow.accept(5)
        flow.process(range(10, 15))
        found = flow.audit("--since", between.isoformat())
        assert (found.status, found.counts("accepted", "stored", "missing")) == (0, [5, 5, 0])
        later = flow.audit("--since", "2999-01-01")
        assert (later.status, later.counts("accepted", "stored", "missing")) == (0, [0, 0, 0])
        assert flow.audit().status == 1
    assert flow.run("audit", "--since", "yesterday").status == 2


def test_a_topic_that_is_made_anew_is_another_one(flow: Flow) -> None:
    with running(flow.kafka, flow.store.url):
        flow.accept(10)
        flow.process(range(10))
        assert flow.audit().counts("accepted", "stored") == [10, 10]
    first = flow.topic_id
    admin = admin_client(producer_config(flow.kafka, "test"))
    for future in admin.delete_topics([flow.raw]).values():
        future.result(60)
    specs = [spec for spec in flow.topics.specs(4, 1) if spec.name == flow.raw]
    until(lambda: create(admin, specs), [flow.raw])
    with running(flow.kafka, flow.store.url):
        flow.accept(3)
        found = flow.audit()
        assert (found.status, found.counts("accepted", "stored", "in_flight")) == (0, [13, 10, 3])
        flow.process(range(3))
        found = flow.audit()
    assert (found.status, found.counts("accepted", "stored", "in_flight")) == (0, [13, 13, 0])
    by_id = {row["raw_topic_id"]: row["accepted"] for row in found.rows if row["what"] == "partition"}
    assert by_id == {str(first): 10, str(flow.topic_id): 3}


def test_without_kafka_it_says_so(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    done = terminal(store, monkeypatch, tmp_path, THROUGHLINE_KAFKA__BOOTSTRAP=nowhere)("audit")
    assert done.status == 1
    assert f"kafka at {nowhere}" in done.error
