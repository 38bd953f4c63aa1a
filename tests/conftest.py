"""What tests share: a real Kafka, the mock broker, and a ClickHouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from deploy.kafka.local import LocalKafka, running_kafka
from schemas.settings import KafkaSettings
from throughline.embedded.broker import embedded_broker

# Machines are slow at times: no deadline. Examples are the same on every run, so that a red gate stays red.
hypothesis_settings.register_profile(
    "throughline", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("throughline")

ROOT = Path(__file__).parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a broker, embedded or real, or a program that is built first, runs after what needs none."""
    for item in items:
        if {"mock_kafka", "local_kafka", "kafka", "reader"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that runs in a test says where logs go from then on: the next test hears its own."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def local_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A real broker that a test may stop and start; it must leave it running."""
    with running_kafka(tmp_path_factory.mktemp("kafka") / "broker", ROOT / ".kafka", is_brief=True) as kafka:
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
