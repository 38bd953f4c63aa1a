import time
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from producers.connect import ledger_of
from producers.limits import Limits
from schemas.kafka.admin import create
from schemas.settings import KafkaSettings, LimitsSettings, Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics

DAY_MS = 24 * 3_600_000


@pytest.mark.kafka
def test_a_record_that_waits_for_half_of_its_time_closes_the_intake(kafka: str, tmp_path: Path) -> None:
    settings = Settings(kafka=KafkaSettings(bootstrap=kafka, prefix="kept."), data_dir=tmp_path,
                        limits=LimitsSettings.model_validate({"free_disk": "1EB"}))  # fmt: skip
    topics = Topics("kept.")
    specs = [
        replace(spec, settings=spec.settings | {"message.timestamp.type": "CreateTime"}) for spec in topics.specs(1, 1)
    ]
    create(AdminClient({"bootstrap.servers": kafka}), specs)
    topic = topics.interactions("web")
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, b"x", partition=0, timestamp=int(time.time() * 1000) - 17 * DAY_MS)
    assert not producer.flush(30)
    for committed, closed in ((0, True), (1, False)):
        limits = Limits(settings, ledger_of(settings.kafka), Metrics())
        limits.tell("group", {(topic, 0): (committed, 1)})
        why = limits.look()
        assert (why is not None and f"{topic} that is not consumed" in why) is closed  # nor is a server's disk ours
