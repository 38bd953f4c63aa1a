"""`make chaos`: the long form. All faults, again and again, until enough was killed and enough was sent.

Writes benchmarks/results/chaos.md; exits with 1 when the oracle found anything. `--seed` makes the same choices again.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

from benchmarks.machine import describe
from deploy.kafka.local import Security, running_kafka
from tests.chaos.campaign import Fault, Verdict, campaign
from tests.chaos.engine import engine
from tests.chaos.faults import FAULTS
from tests.chaos.field import Field, field_of
from tests.chaos.load import Recipe
from tests.chaos.nursery import Nursery
from tests.chaos.report import page
from tests.chaos.world import BROKER

ROOT: Final = Path(__file__).parent.parent.parent
RESULT: Final = ROOT / "benchmarks" / "results" / "chaos.md"
BATCH: Final = 200
PARTITIONS: Final = 4
_FAULTS: Final = {fault.__name__: fault for fault in FAULTS}


def main(arguments: list[str]) -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="processes of ours to kill, at least")
    parser.add_argument("--interactions", type=int, default=1_000_000, help="distinct ones to be accepted, at least")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument(
        "--only", nargs="+", choices=_FAULTS, default=list(_FAULTS), metavar="FAULT", help="not all classes"
    )
    asked = parser.parse_args(arguments)
    sys.stderr.write(f"seed {asked.seed}\n")
    began = time.monotonic()
    machine = describe()
    enough = partial(_is_enough, kills=asked.kills, interactions=asked.interactions)
    folder = Path(mkdtemp(prefix="chaos-"))
    sys.stderr.write(f"logs are in {folder} until all is well\n")
    verdict = _run(folder, asked.seed, [_FAULTS[name] for name in asked.only], enough)
    if not verdict.findings:
        rmtree(folder)
    RESULT.write_text(page(machine, asked.seed, time.monotonic() - began, verdict))
    sys.stderr.writelines(f"{finding}\n" for finding in verdict.findings)
    return int(bool(verdict.findings))


def _run(folder: Path, seed: int, faults: Sequence[Fault], enough: Callable[[Field], bool]) -> Verdict:
    nursery = Nursery()
    with (
        closing(nursery),
        running_kafka(folder / "kafka", ROOT / ".kafka", Security(properties=BROKER)) as broker,
        engine(folder / "engine") as store,
        field_of(nursery, broker, store, folder / "world", seed=seed, partitions=PARTITIONS) as field,
    ):
        return campaign(field, faults, Recipe(seed, 0, BATCH), pause_s=0, is_enough=enough)


def _is_enough(field: Field, kills: int, interactions: int) -> bool:
    accepted = len(field.world.ledger.accepted)
    sys.stderr.write(f"{field.died} killed, {accepted} accepted, faults {dict(field.done)}\n")
    return field.died >= kills and accepted >= interactions


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
