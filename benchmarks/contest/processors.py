"""The processor's job, side by side."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.contest.contestants import BY_NAME, OURS, PEERS_PYTHON, Contestant
from benchmarks.contest.course import customers_of, lay
from benchmarks.contest.lap import run
from benchmarks.contest.quiet import load_of_others
from benchmarks.contest.turns import Result, by_turns, summary
from benchmarks.contest.watch import Lap
from deploy.kafka.local import running_kafka

BENCHMARK: Final = "side by side, processor"


def measure(events: int = 240_000, slow_events: int = 24_000, turns: int = 3) -> list[Result]:
    """A result for each contestant; `slow_events` for those that are marked as slow.

    Raises:
        FileNotFoundError: the peers are not installed.
    """
    if not PEERS_PYTHON.exists():
        raise FileNotFoundError("the peers are not installed: `make peers`")
    before = load_of_others()
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        assert kafka.child is not None
        broker = kafka.child.pid
        long = lay(kafka.bootstrap, "long.", customers_of(events))
        short = lay(kafka.bootstrap, "short.", customers_of(slow_events))

        def one(name: str, place: Path) -> Lap:
            contestant = BY_NAME[name]
            return run(contestant, short if contestant.is_slow else long, broker, place)

        laps = by_turns(list(BY_NAME), turns, one, Path(folder) / "laps")
    return [
        _described(BY_NAME[name]) | summary(laps[name], laps[OURS]) | {"others_before": round(before, 3)}
        for name in BY_NAME
    ]


def _described(contestant: Contestant) -> Result:
    return {
        "benchmark": BENCHMARK,
        "contestant": contestant.name,
        "engine": contestant.engine,
        "step": "ours" if contestant.has_our_step else "its own",
        "unequal": contestant.unequal,
    }
