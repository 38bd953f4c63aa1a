"""The short form: every fault class once, on load, and an exact verdict. CHAOS_SEED runs again with a seed."""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka.local import LocalKafka
from tests.chaos.campaign import campaign
from tests.chaos.engine import Engine, engine
from tests.chaos.faults import FAULTS
from tests.chaos.field import field_of
from tests.chaos.load import Recipe
from tests.chaos.nursery import Nursery
from tests.chaos.seams import SEAMS

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.chdb, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A ClickHouse that may be killed."""
    with engine(tmp_path_factory.mktemp("engine")) as made:
        yield made


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
    sys.stderr.write(f"CHAOS_SEED={chosen}\n")
    return chosen


def test_nothing_is_lost_or_doubled_whatever_breaks(
    nursery: Nursery, broker: LocalKafka, own_engine: Engine, tmp_path: Path, seed: int
) -> None:
    with field_of(nursery, broker, own_engine, tmp_path, seed=seed) as field:
        verdict = campaign(field, FAULTS, Recipe(seed, 0))
        sys.stderr.write(f"{verdict}\n")
        assert verdict.findings == []
        assert verdict.seams.keys() == SEAMS.keys()
        assert verdict.died >= 30
