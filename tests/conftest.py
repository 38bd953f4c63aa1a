"""What tests share: a real Kafka, the mock broker, and a ClickHouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka.local import LocalKafka, running_kafka
from schemas.settings import KafkaSettings
from throughline.embedded.broker import embedded_broker

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def local_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A real broker that a test may stop and start; it must leave it running."""
    with running_kafka(tmp_path_factory.mktemp("kafka") / "broker", ROOT / ".kafka") as kafka:
        yield kafka


@pytest.fixture(scope="session")
def kafka(local_kafka: LocalKafka) -> str:
    """The bootstrap address of a real broker."""
    return local_kafka.bootstrap


@pytest.fixture
def mock_kafka() -> Iterator[KafkaSettings]:
    """The embedded broker, fresh, and the settings that reach it."""
    with embedded_broker(KafkaSettings()) as settings:
        yield settings
