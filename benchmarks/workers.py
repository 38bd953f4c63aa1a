"""One, two and four processors share a topic of four partitions: what an event costs, and how many come out a second.

The workers wait, with their partitions, until all records are there; the clock starts with them. On fewer cores than
workers and a broker need, they cannot be as many times as fast: so the cost is what is compared, within a turn.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from benchmarks.contest.turns import in_turn, spread
from benchmarks.events import records
from benchmarks.machine import cpu_seconds, held
from benchmarks.processor import preload
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.kafka.clients import process_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings
from schemas.topics import Topics

WORKERS: Final = (1, 2, 4)
PARTITIONS: Final = 4
_PATIENCE_S: Final = 300.0
_POLL_S: Final = 0.05
_ANSWER_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Shared:
    """One run: the seconds that it took, and CPU seconds of all workers and of the broker."""

    events: int
    seconds: float
    workers_s: float
    broker_s: float

    @property
    def cost(self) -> float:
        """CPU seconds a million, of the workers."""
        return self.workers_s / self.events * 1e6


def measure(count: int = 100_000, turns: int = 2) -> dict[str, object]:
    """Of each number of workers: events a second, and CPU seconds a million."""
    taken: dict[int, list[Shared]] = {workers: [] for workers in WORKERS}
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as broker:
        assert broker.child is not None
        for turn, workers in in_turn(WORKERS, turns):
            kafka = KafkaSettings(bootstrap=broker.bootstrap, prefix=f"turn{turn}.of{workers}.")
            run = _run(kafka, Path(folder), workers, count, broker.child.pid)
            taken[workers].append(run)
            sys.stderr.write(f"turn {turn + 1} of {turns}: {workers} workers: {run.cost:.1f} CPU s a million\n")
    return told(taken)


def told(taken: dict[int, list[Shared]]) -> dict[str, object]:
    """What all turns come to; `ratio` is the cost of an event in terms of what it costs one worker, turn by turn."""
    alone = taken[WORKERS[0]]
    return {
        "benchmark": "workers",
        "events": alone[0].events,
        "events_per_s": {
            str(workers): spread([run.events / run.seconds for run in runs], 0) for workers, runs in taken.items()
        },
        "cpu_s_per_million": {str(workers): spread([run.cost for run in runs], 1) for workers, runs in taken.items()},
        "cpu_s_per_million_of_broker": {
            str(workers): spread([run.broker_s / run.events * 1e6 for run in runs], 1)
            for workers, runs in taken.items()
        },
        "ratio": {
            str(workers): spread([run.cost / one.cost for run, one in zip(runs, alone, strict=True)], 2)
            for workers, runs in taken.items()
            if workers != WORKERS[0]
        },
    }


def _run(kafka: KafkaSettings, folder: Path, workers: int, count: int, broker: int) -> Shared:
    create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics(kafka.prefix).specs(PARTITIONS, 1))
    with _working(kafka, folder, workers) as pids:
        _until_shared(kafka, workers)
        with held(pids):
            preload(kafka, records(count))
            before, broker_before, began = _spent(pids), cpu_seconds(broker), time.monotonic()
        _until_done(kafka, count)
        seconds = time.monotonic() - began
        return Shared(count, seconds, _spent(pids) - before, cpu_seconds(broker) - broker_before)


@contextmanager
def _working(kafka: KafkaSettings, folder: Path, workers: int) -> Iterator[list[int]]:
    """The pids of so many workers, which are told to end all at once: else partitions move to those that are left."""
    command = [sys.executable, "-m", "benchmarks.processor", kafka.bootstrap]
    processes = [Popen([*command, f"{folder}/{kafka.prefix}{number}", kafka.prefix]) for number in range(workers)]
    try:
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
        ended = [process.wait(_PATIENCE_S) for process in processes]
    assert ended == [0] * workers, ended


def _spent(pids: Sequence[int]) -> float:
    return sum(map(cpu_seconds, pids))


def _until_shared(kafka: KafkaSettings, workers: int) -> None:
    """Until each worker has its partitions, as many as the others."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    deadline = time.monotonic() + _PATIENCE_S
    while (shares := _shares(admin, kafka)) != [PARTITIONS // workers] * workers:
        assert time.monotonic() < deadline, shares
        time.sleep(_POLL_S)


def _shares(admin: AdminClient, kafka: KafkaSettings) -> list[int]:
    """How many partitions each member of the group has; none while the group is forming."""
    group, topic = process_group(kafka), Topics(kafka.prefix).interactions("web")
    try:
        found = admin.describe_consumer_groups([group], request_timeout=_ANSWER_S)[group].result()
    except KafkaException:  # the broker does not know the group yet
        return []
    assigned = [member.assignment.topic_partitions for member in found.members if member.assignment]
    return [sum(at.topic == topic for at in partitions) for partitions in assigned]


def _until_done(kafka: KafkaSettings, count: int) -> None:
    """Until all that is read is committed; then as much must have been written, and no more."""
    offsets = KafkaOffsets(kafka, "bench", refresh_s=60)
    source, output = Topics(kafka.prefix).interactions("web"), Topics(kafka.prefix).timeline
    deadline = time.monotonic() + _PATIENCE_S
    while (done := sum(offsets.committed(process_group(kafka), offsets.partitions([source])).values())) < count:
        assert time.monotonic() < deadline, f"{done} of {count}"
        time.sleep(_POLL_S)
    written = sum(offsets.ends([output]).values())
    offsets.close()
    assert written == count, f"{written} of {count} were written"
