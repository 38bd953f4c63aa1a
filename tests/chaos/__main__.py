"""`make chaos`: the long form. All faults, again and again, until enough was killed and enough was sent.

Writes benchmarks/results/chaos.md; exits with 1 when the oracle found anything. `--seed` makes the same choices again.
"""

import argparse
import random
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import describe
from deploy.kafka.local import Security, running_kafka
from tests.chaos.campaign import Verdict, campaign
from tests.chaos.engine import engine
from tests.chaos.faults import FAULTS, FORGETTING
from tests.chaos.field import Field, field_of
from tests.chaos.load import Recipe
from tests.chaos.nursery import Nursery
from tests.chaos.report import page
from tests.chaos.world import BROKER

ROOT: Final = Path(__file__).parent.parent.parent
RESULT: Final = ROOT / "benchmarks" / "results" / "chaos.md"
LONG: Final = 0.8  # of kills and interactions, with all that leaves the processors their memory; the rest without
BATCH: Final = 200
PARTITIONS: Final = 4


def main(arguments: list[str]) -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="processes of ours to kill, at least")
    parser.add_argument("--interactions", type=int, default=1_000_000, help="distinct ones to be accepted, at least")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    asked = parser.parse_args(arguments)
    sys.stderr.write(f"seed {asked.seed}\n")
    began = time.monotonic()
    verdicts = _run(asked.seed, asked.kills, asked.interactions)
    RESULT.write_text(page(describe(), asked.seed, time.monotonic() - began, verdicts))
    for verdict in verdicts:
        sys.stderr.writelines(f"{finding}\n" for finding in verdict.findings)
    return int(any(verdict.findings for verdict in verdicts))


def _run(seed: int, kills: int, interactions: int) -> list[Verdict]:
    keeping = [fault for fault in FAULTS if fault not in FORGETTING]
    losing = [fault for fault in FAULTS if fault in FORGETTING or fault.__name__ == "kills"]
    sound, timed = Recipe(seed, 0, BATCH), Recipe(seed + 1, 0, BATCH, timeless=0, conflicts=0)
    verdicts = []
    nursery = Nursery()
    with (
        closing(nursery),
        TemporaryDirectory() as folder,
        running_kafka(Path(folder) / "kafka", ROOT / ".kafka", Security(properties=BROKER)) as broker,
        engine(Path(folder) / "engine") as store,
    ):
        for name, faults, recipe, share in (("keeping", keeping, sound, LONG), ("losing", losing, timed, 1 - LONG)):
            with field_of(
                nursery, broker, store, Path(folder) / name, seed=recipe.seed, partitions=PARTITIONS
            ) as field:
                enough = partial(_is_enough, kills=share * kills, interactions=share * interactions)
                verdicts.append(campaign(field, faults, recipe, pause_s=0, is_enough=enough))
    return verdicts


def _is_enough(field: Field, kills: float, interactions: float) -> bool:
    accepted = len(field.world.ledger.accepted)
    sys.stderr.write(f"{field.died} killed, {accepted} accepted, faults {dict(field.done)}\n")
    return field.died >= kills and accepted >= interactions


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
