"""A broker and a ClickHouse for all runs of the suite; each run has topics and a database of its own."""

from collections.abc import Iterator

import pytest

from deploy.kafka.local import LocalKafka, Security, running_kafka
from tests.chaos.engine import Engine, engine
from tests.chaos.nursery import Nursery
from tests.chaos.world import BROKER
from tests.conftest import ROOT


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker that misses a killed member soon; whoever stops it starts it again."""
    security = Security(properties=BROKER)
    with running_kafka(tmp_path_factory.mktemp("chaos") / "broker", ROOT / ".kafka", security) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where the parts come from."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A ClickHouse; whoever kills it starts it again."""
    with engine(tmp_path_factory.mktemp("chaos-store")) as made:
        yield made
