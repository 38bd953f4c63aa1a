"""Who takes part in the processor's job, how each is started, and in what its work is not ours."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.contest.course import Course

PEERS_PYTHON: Final = Path(__file__).parents[1] / "peers" / ".venv" / "bin" / "python"
OURS: Final = "ours"
_WITH_US: Final = {OURS, "plain_set", "plain_step"}
_DISK: Final = "keys on disk before the commit"
_STEP: Final = f"our step, whole: schema 1 checked, copies and rejects written too, {_DISK}"
_MEMORY: Final = "eight members checked; keys in memory only, so that a restart forgets all copies"
_STATE: Final = "eight members checked; keys in RocksDB and in a changelog topic"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A program for the processor's job.

    Attributes:
        name: of the module in `benchmarks.peers`, or `ours`; with `_step`, it runs our step.
        engine: the library, as people know it.
        unequal: what it does less or more than we do.
        is_slow: whether it reads the short course.
    """

    name: str
    engine: str
    unequal: str
    is_slow: bool = False

    @property
    def has_our_step(self) -> bool:
        """Whether it runs our step; else what its documentation teaches."""
        return self.name == OURS or self.name.endswith("_step")

    @property
    def python(self) -> str:
        """The interpreter: peers have an environment of their own."""
        return sys.executable if self.name in _WITH_US else str(PEERS_PYTHON)

    def command(self, course: Course, output: str, folder: Path) -> list[str]:
        """What to run; ours is the real command."""
        if self.name == OURS:
            return [sys.executable, "-m", "throughline", "process"]
        arguments = [course.bootstrap, course.source, output, output, str(folder)]
        return [self.python, "-m", f"benchmarks.peers.{self.name}", *arguments]


def environment(course: Course, folder: Path) -> dict[str, str]:
    """For the real command; the others do not look at it."""
    return {
        "THROUGHLINE_KAFKA__BOOTSTRAP": course.bootstrap,
        "THROUGHLINE_KAFKA__PREFIX": course.prefix,
        "THROUGHLINE_DATA_DIR": str(folder),
        "THROUGHLINE_METRICS__LISTEN": "127.0.0.1:0",
    }


ROLL: Final = (
    Contestant(OURS, "Throughline", f"{_STEP}; evidence written too"),
    Contestant("plain_step", "confluent-kafka loop", f"{_STEP}; commits each run"),
    Contestant("quix_step", "Quix Streams", f"{_STEP}; commits each run"),
    Contestant("bytewax_step", "Bytewax", f"{_STEP}; no commit, no recovery store"),
    Contestant("faust_step", "stock Faust", f"{_STEP}; commits every 2.8 s", is_slow=True),
    Contestant("plain_set", "confluent-kafka loop", f"{_MEMORY}; commits each run"),
    Contestant("quix_set", "Quix Streams", f"{_MEMORY}; commits every 5 s"),
    Contestant("quix_state", "Quix Streams", f"{_STATE}; commits every 5 s", is_slow=True),
    Contestant("bytewax_set", "Bytewax", f"{_MEMORY}; no commit, no recovery store"),
    Contestant("faust_dict", "stock Faust", f"{_MEMORY}; commits every 2.8 s", is_slow=True),
    Contestant("faust_table", "stock Faust", f"{_STATE}; commits every 2.8 s", is_slow=True),
)
BY_NAME: Final = {one.name: one for one in ROLL}
