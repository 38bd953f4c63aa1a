"""Where faults happen: a world with load on it, kept running, and what can be done to it."""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from deploy.kafka.local import LocalKafka
from sinks.errors import FatalError, TransientError
from tests.chaos.disk import Disk, disk
from tests.chaos.engine import Engine
from tests.chaos.keeper import Keeper, kept
from tests.chaos.nursery import Nursery
from tests.chaos.parts import KILLED, End
from tests.chaos.seams import SEAMS
from tests.chaos.world import PARTS, World, until, world

DISK: Final = 512 << 20  # bytes for the stores of all parts


@dataclass
class Field:
    """What a fault works on.

    Attributes:
        dice: all chance of a run; the same seed makes the same choices, not the same moments.
        done: how often each fault class was done.
        kills: of processes from outside.
        past: how the processes of parts ended that are gone.
    """

    broker: LocalKafka
    engine: Engine
    world: World
    keeper: Keeper
    disk: Disk
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    past: list[End] = field(default_factory=list)

    def do(self, fault: "Callable[[Field], None]") -> None:
        """Do a fault, count it, and say so: a run that fails can be read."""
        self.done[fault.__name__] += 1
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {fault.__name__}\n")
        fault(self)

    def kill(self, name: str) -> None:
        """kill -9 a part, as soon as it runs."""
        until(lambda: self.world.part(name).kill(), f"{name} was killed")
        self.kills[name] += 1

    def kill_held(self, name: str) -> None:
        """kill -9 a part that nobody starts again: it may be dead already."""
        self.kills[name] += self.world.part(name).kill()

    def retire(self, name: str) -> None:
        """A part ends in order, and is not started again."""
        with self.keeper.held(name):
            self.world.part(name).stop(may_be_young=True)
            self.past += self.world.parts.pop(name).ends

    def seams(self) -> Counter[str]:
        """How often a process died at each seam."""
        return Counter(end.seam for end in self._ends() if end.seam)

    def unmet(self, before: Counter[str]) -> list[str]:
        """Seams at which nothing has died since."""
        return [name for name in SEAMS if not (self.seams() - before)[name]]

    @property
    def failures(self) -> list[End]:
        """Processes that ended by themselves, and not with 0."""
        return [end for end in self._ends() if not end.asked and end.status not in (0, KILLED)]

    @property
    def died(self) -> int:
        """Processes of ours that were killed with -9, from within and from outside."""
        return self.seams().total() + self.kills.total()

    def wait(self, least: float, most: float) -> None:
        """Let some time pass; how much is chance."""
        time.sleep(self.dice.uniform(least, most))

    def freeze_broker(self, seconds: float) -> None:
        """The broker stands still."""
        pid = self.broker.running()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    def await_rows(self) -> None:
        """Wait until interactions that were sent from now on are stored: everything works again."""
        with self.world.ledger.lock:
            accepted = len(self.world.ledger.accepted)
        until(
            lambda: len(self.world.ledger.accepted) > accepted, lambda: f"something was accepted; {self.world.tell()}"
        )
        rows = self._rows()
        until(lambda: self._rows() > rows, lambda: f"rows; {self.world.tell()}")

    def _rows(self) -> int:
        try:
            [[count]] = self.world.store.query("SELECT count() FROM interactions_fates").rows
        except (TransientError, FatalError):  # it starts
            return 0
        return int(count)

    def _ends(self) -> list[End]:
        return self.past + [end for part in list(self.world.parts.values()) for end in list(part.ends)]


@contextmanager
def field_of(
    nursery: Nursery, broker: LocalKafka, engine: Engine, folder: Path, *, seed: int, partitions: int = 2
) -> Iterator[Field]:
    """A field on which all parts run."""
    with (
        # Not below the folder of a test: what clears that away could not if a run that was killed left it mounted.
        TemporaryDirectory(prefix="chaos-disk-", ignore_cleanup_errors=True) as stores,
        disk(Path(stores), DISK) as room,
        world(nursery, broker.bootstrap, engine.url, folder, partitions=partitions) as made,
        kept(made) as keeper,
    ):
        made.stores = Path(stores)
        made.start(*PARTS)
        yield Field(broker, engine, made, keeper, room, random.Random(seed))
