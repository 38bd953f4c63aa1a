import time
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs

from schemas.kafka.admin import create
from schemas.kafka.retention import Kept, Retention, by_size
from schemas.telemetry import Metrics
from schemas.topics import TopicSpec

MINUTE_MS = 60_000


def test_a_backlog_takes_its_share_of_what_is_kept_where_that_is_bounded() -> None:
    kept = {"all": Kept(None, None), "some": Kept(1, 1000)}
    assert by_size(kept, {("group", "some"), ("group", "all")}, 500) == {("group", "some"): 0.5}


@pytest.fixture
def admin(kafka: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka})


def topic_of(admin: AdminClient, bootstrap: str, ages: list[int], **settings: str) -> str:
    """A topic with records of these ages in minutes in partition 0."""
    name = f"kept-{uuid4().hex}"
    create(admin, [TopicSpec(name, 1, 1, {key.replace("_", "."): value for key, value in settings.items()})])
    producer = Producer({"bootstrap.servers": bootstrap})
    for age in ages:
        producer.produce(name, b"x", partition=0, timestamp=int(time.time() * 1000) - age * MINUTE_MS)
    assert not producer.flush(30)
    return name


def trouble(admin: AdminClient, topic: str, committed: int, end: int, held: int = 0) -> str | None:
    retention = Retention(admin, 0.5, Metrics())
    retention.tell("group", {(topic, 0): (committed, end)})
    retention.look(held)
    return retention.trouble


def used(metrics: Metrics, topic: str) -> float | None:
    return metrics.registry.get_sample_value("throughline_retention_used_ratio", {"group": "group", "topic": topic})


@pytest.mark.kafka
def test_what_waits_is_told_when_half_of_its_time_is_over(admin: AdminClient, kafka: str) -> None:
    topic = topic_of(admin, kafka, [40, 10], retention_ms=str(60 * MINUTE_MS))
    text = f"a record of {topic} that is not consumed is older than 50% of its retention.ms"
    assert trouble(admin, topic, 0, 2) == text
    assert trouble(admin, topic, 1, 2) is None
    assert trouble(admin, topic, 2, 2) is None
    old = topic_of(admin, kafka, [50], retention_ms=str(60 * MINUTE_MS))
    assert trouble(admin, old, 0, 1) is not None  # none is younger
    for kept in ({"retention_ms": "-1"}, {"retention_ms": str(60 * MINUTE_MS), "cleanup_policy": "compact"}):
        assert trouble(admin, topic_of(admin, kafka, [50], **kept), 0, 1) is None


@pytest.mark.kafka
def test_what_waits_is_told_when_it_is_half_of_what_is_kept(admin: AdminClient, kafka: str) -> None:
    topic = topic_of(admin, kafka, [0], retention_bytes="1000000")
    text = f"500001 bytes are not consumed, more than 50% of retention.bytes of {topic}"
    assert trouble(admin, topic, 0, 1, held=500_001) == text
    assert trouble(admin, topic, 0, 1, held=500_000) is None


@pytest.mark.kafka
def test_what_kafka_does_not_tell_is_not_looked_at(admin: AdminClient) -> None:
    with capture_logs() as said:
        assert trouble(admin, "no-such-topic", 0, 1) is None
    assert [entry["event"] for entry in said] == ["retention_check_failed"]


@pytest.mark.kafka
def test_an_answer_that_fails_in_passing_opens_nothing(
    admin: AdminClient, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = topic_of(admin, kafka, [40], retention_ms=str(60 * MINUTE_MS))
    retention = Retention(admin, 0.5, Metrics())
    monkeypatch.setattr("schemas.kafka.retention._LOOK_S", 0.0)
    retention.tell("group", {(topic, 0): (0, 1)})
    retention.look(0)
    assert retention.trouble is not None
    retention.tell("group", {("no-such-topic", 0): (0, 1)})
    retention.look(0)
    assert retention.trouble is not None
    retention.tell("group", {(topic, 0): (1, 1), ("no-such-topic", 0): (1, 1)})
    retention.look(0)
    assert retention.trouble is None


@pytest.mark.kafka
@pytest.mark.parametrize(("age", "share"), [(7, 0.0), (8, 0.125), (31, 0.5), (46, 0.75), (90, 1.0)])
def test_it_tells_how_much_of_its_time_the_oldest_has_behind_it(
    admin: AdminClient, kafka: str, age: int, share: float
) -> None:
    topic = topic_of(admin, kafka, [age, 0], retention_ms=str(60 * MINUTE_MS))
    metrics = Metrics()
    retention = Retention(admin, 0.5, metrics)
    retention.tell("group", {(topic, 0): (0, 2)})
    retention.look(0)
    assert used(metrics, topic) == share
    assert metrics.registry.get_sample_value("throughline_retention_limit_ratio") == 0.5


@pytest.mark.kafka
def test_a_group_is_told_of_topic_by_topic(admin: AdminClient, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.kafka.retention._LOOK_S", 0.0)
    topic = topic_of(admin, kafka, [40], retention_ms=str(60 * MINUTE_MS))
    metrics = Metrics()
    retention = Retention(admin, 0.5, metrics)
    retention.tell("group", {(topic, 0): (0, 1)})
    retention.tell("group", {("another", 0): (1, 1)})
    retention.look(0)
    assert f"a record of {topic} that" in (retention.trouble or "")
    assert used(metrics, topic) == 0.625
    retention.tell("group", {(topic, 0): (1, 1)})
    retention.look(0)
    assert (retention.trouble or "") == ""
    assert (used(metrics, topic), used(metrics, "another")) == (0.0, 0.0)
