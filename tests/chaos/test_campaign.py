"""The short form: every fault class once, on load, and an exact verdict. CHAOS_SEED runs again with a seed."""

import os
import random
import sys
from pathlib import Path

import pytest

from deploy.kafka.local import LocalKafka
from tests.chaos.campaign import campaign
from tests.chaos.engine import Engine
from tests.chaos.faults import FAULTS
from tests.chaos.field import field_of
from tests.chaos.load import Recipe
from tests.chaos.nursery import Nursery
from tests.chaos.seams import SEAMS

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.chdb, pytest.mark.timeout(1200)]


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1_000_000))
    sys.stderr.write(f"CHAOS_SEED={chosen}\n")
    return chosen


def test_nothing_is_lost_or_doubled_whatever_breaks(
    nursery: Nursery, broker: LocalKafka, clickhouse: Engine, tmp_path: Path, seed: int
) -> None:
    with field_of(nursery, broker, clickhouse, tmp_path, seed=seed) as field:
        verdict = campaign(field, FAULTS, Recipe(seed, 0))
        sys.stderr.write(f"{verdict}\n")
        assert verdict.findings == []
        assert verdict.seams.keys() == SEAMS.keys()
        assert verdict.died >= 30
