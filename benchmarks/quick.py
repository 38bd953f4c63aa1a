"""The quick run: our processor and our sink abreast with others, a few short rounds each; minutes in all.

The others are plain loops over the same clients in which our code has no part: one that checks, drops copies and files
by its own means, and two that insert what they read. A figure is a thrift: how many times our CPU seconds go into
theirs, in the geometric mean over the others of a round.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import geometric_mean
from tempfile import TemporaryDirectory
from typing import Final

from confluent_kafka.admin import AdminClient

from benchmarks.contest import lap, sinks
from benchmarks.contest.abreast import Costs, entered_abreast
from benchmarks.contest.contestants import BY_NAME, OURS
from benchmarks.contest.course import customers_of, lay
from benchmarks.contest.turns import spread
from benchmarks.contest.verify import WrongOutputError
from benchmarks.contest.watch import LapFailedError
from benchmarks.records import Result
from benchmarks.sink import preload
from deploy.kafka.local import LocalKafka, running_kafka
from schemas.kafka.admin import create
from schemas.settings import KafkaSettings
from schemas.topics import Topics

LIKE_OURS: Final = "plain_set"  # what a slow machine does to the other peers is not what it does to us (decision 0035)
FLOORS: Final = (sinks.FLOOR, sinks.BARE)
Round = Callable[[int], Costs]  # given its number


def processors(events: int, rounds: int) -> list[Result]:
    """One result: the processor's own CPU."""
    chosen = (OURS, LIKE_OURS)
    with _kafka() as (kafka, folder):
        course = lay(kafka.bootstrap, "quick.", customers_of(events))

        def one_round(number: int) -> Costs:
            entering = {name: lap.entered(BY_NAME[name], course, folder / f"{name}-{number}") for name in chosen}
            return entered_abreast(entering, len(course.ids))

        return told(list(_rounds(one_round, rounds)), {"processor": "contestant"})


def sinks_and_clickhouse(rows: int, rounds: int) -> list[Result]:
    """Two results: the sink's own CPU, and what ClickHouse spends on what it inserts."""
    with _kafka() as (kafka, folder):
        assert kafka.child is not None
        broker = kafka.child.pid
        create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics().specs(sinks.PARTITIONS, 1))
        preload(KafkaSettings(bootstrap=kafka.bootstrap), rows)

        def one_round(number: int) -> Costs:
            scenes = {
                name: sinks.Scene(kafka.bootstrap, broker, folder / f"{name}-{number}") for name in (OURS, *FLOORS)
            }
            return entered_abreast({name: sinks.entered(name, scene, rows) for name, scene in scenes.items()}, rows)

        return told(list(_rounds(one_round, rounds)), {"sink": "contestant", "clickhouse": "clickhouse"})


def told(found: Sequence[Costs | str], parts: Mapping[str, str]) -> list[Result]:
    """A result for each part, whose CPU is the one named; a round that failed says why in `failed`.

    `thrift` is the median of the rounds' and has its least and most beside it; it is missing where no round succeeded.
    """
    good = [costs for costs in found if not isinstance(costs, str)]
    failed = [costs for costs in found if isinstance(costs, str)]
    return [_result(part, who, good) | ({"failed": failed} if failed else {}) for part, who in parts.items()]


def thrift(costs: Costs, who: str) -> float:
    """How many times what we spent goes into what others did, in their geometric mean."""
    return geometric_mean([spent[who] for name, spent in costs.items() if name != OURS]) / costs[OURS][who]


def _result(part: str, who: str, good: Sequence[Costs]) -> Result:
    named: Result = {"benchmark": "abreast", "part": part, "rounds": len(good)}
    if not good:
        return named
    return named | {
        "thrift": spread([thrift(costs, who) for costs in good], 3),
        "cpu_us_an_event": {name: spread([costs[name][who] for costs in good], 1) for name in good[0]},
    }


def _rounds(one_round: Round, rounds: int) -> Iterator[Costs | str]:
    """What each spent, or why the round failed."""
    for number in range(rounds):
        try:
            yield one_round(number)
        except (LapFailedError, WrongOutputError) as error:
            sys.stderr.write(f"{error}\n")
            yield str(error).partition("\n")[0].removesuffix(":")


@contextmanager
def _kafka() -> Iterator[tuple[LocalKafka, Path]]:
    """A broker, and a folder."""
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        yield kafka, Path(folder)
