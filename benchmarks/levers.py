"""Kafka's levers, one at a time and by turns: compression, linger, batch size, fetch sizes, over CPU, disk and delay.

`python -m benchmarks levers`: not one of those that `make bench` runs by itself, since it takes six quiet minutes
and its answers are kept as defaults (decision 0033). A lap sends records to a topic of its own, with the settings of
our clients but for the lever's; a process of its own reads them. Full load: all at once, read when all are there. Low
load: twenty every 20 ms, as requests come, read as they come. What a setting does to CPU is told in terms of today's
in the same turn.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count as counting
from pathlib import Path
from statistics import median, quantiles
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import orjson
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.contest.turns import in_turn, spread
from benchmarks.events import documents, record
from benchmarks.machine import cpu_seconds
from deploy.kafka.local import running_kafka
from schemas.kafka.clients import Config, consumer_config, producer_config
from schemas.settings import KafkaSettings

PARTITIONS: Final = 4
BURST: Final = 20
PERIOD_S: Final = 0.02
FULL: Final = "full"
LOADS: Final = (FULL, "low")
TODAY: Final = "today"  # lz4, 5 ms, batches of up to 1 MB, wait 50 ms for 1 byte, 8 MiB a partition at most
_PATIENCE_S: Final = 120.0
Records = Sequence[tuple[bytes, bytes]]


class Setting(NamedTuple):
    """What a lap changes in our clients' settings."""

    producer: Config
    consumer: Config


_NOTHING: Final = Setting({}, {})
LEVERS: Final[Mapping[str, Mapping[str, Setting]]] = {
    "compression": {
        TODAY: _NOTHING,
        **{name: Setting({"compression.type": name}, {}) for name in ("none", "zstd")},
    },
    "linger": {TODAY: _NOTHING, **{f"{ms} ms": Setting({"linger.ms": ms}, {}) for ms in (0, 20, 50)}},
    "batch size": {
        TODAY: _NOTHING,
        **{f"{kib} KiB": Setting({"batch.size": kib << 10}, {}) for kib in (16, 128)},
    },
    "fetch": {
        TODAY: _NOTHING,
        **{f"wait {ms} ms": Setting({}, {"fetch.wait.max.ms": ms}) for ms in (5, 500)},
        "at least 64 KiB": Setting({}, {"fetch.min.bytes": 64 << 10}),
        "at most 1 MiB a partition": Setting({}, {"fetch.message.max.bytes": 1 << 20}),
    },
}


@dataclass(frozen=True, slots=True)
class Lap:
    """CPU seconds of each, bytes on disk, and milliseconds from a record's send to its report and to its reader."""

    events: int
    cpu: Mapping[str, float]
    on_disk: int
    to_report_ms: Sequence[float]
    to_reader_ms: Sequence[float]

    @property
    def cost(self) -> float:
        """CPU seconds of all."""
        return sum(self.cpu.values())


def measure(
    events: int = 60_000, seconds: int = 6, turns: int = 4, levers: Sequence[str] = tuple(LEVERS)
) -> list[dict[str, object]]:
    """A result for each lever, load and setting."""
    return [result for lever in levers for load in LOADS for result in pulled(lever, load, events, seconds, turns)]


def pulled(lever: str, load: str, events: int, seconds: int, turns: int) -> list[dict[str, object]]:
    """A result for each setting of a lever, at one load: so many `events` at full load, `seconds` of them at low."""
    settings = LEVERS[lever]
    some = _records(events if load == FULL else int(seconds / PERIOD_S) * BURST)
    laps: dict[str, list[Lap]] = {name: [] for name in settings}
    with TemporaryDirectory() as folder, running_kafka(Path(folder) / "kafka", Path(".kafka")) as kafka:
        assert kafka.child is not None
        place = _Place(KafkaSettings(bootstrap=kafka.bootstrap), Path(folder), kafka.child.pid)
        place.lap("warm", settings[TODAY], some, slowly=False)
        for turn, name in in_turn(tuple(settings), turns):
            topic = f"{name}-{turn}".replace(" ", "-")
            lap = place.lap(topic, settings[name], some, slowly=load != FULL)
            laps[name].append(lap)
            cpu = ", ".join(f"{who} {seconds / lap.events * 1e6:.1f}" for who, seconds in lap.cpu.items())
            sys.stderr.write(
                f"{lever}, {load} load, turn {turn + 1} of {turns}: {name}: {cpu} CPU s a million; "
                f"reported in {median(lap.to_report_ms):.1f} ms, read in {median(lap.to_reader_ms):.1f}\n"
            )
    return told(lever, load, laps)


def told(lever: str, load: str, laps: Mapping[str, Sequence[Lap]]) -> list[dict[str, object]]:
    """A result for each setting; `cpu_in_terms_of_today` is taken within a turn."""
    return [
        {
            "benchmark": "kafka levers",
            "lever": lever,
            "load": load,
            "setting": name,
            "events": taken[0].events,
            "cpu_s_per_million": {
                who: spread([lap.cpu[who] / lap.events * 1e6 for lap in taken], 1) for who in taken[0].cpu
            },
            "cpu_in_terms_of_today": spread(
                [lap.cost / today.cost for lap, today in zip(taken, laps[TODAY], strict=True)], 2
            ),
            "bytes_an_event_on_disk": round(taken[0].on_disk / taken[0].events),
            "to_report_ms": _percentiles([ms for lap in taken for ms in lap.to_report_ms]),
            "to_reader_ms": _percentiles([ms for lap in taken for ms in lap.to_reader_ms]),
        }
        for name, taken in laps.items()
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """The broker: its address, the folder that its logs are in, its pid."""

    kafka: KafkaSettings
    folder: Path
    broker: int

    def lap(self, topic: str, setting: Setting, records: Records, *, slowly: bool) -> Lap:
        """Send, and read, all records."""
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        [created] = admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values()
        created.result()
        producer = Producer({**producer_config(self.kafka, "bench"), **setting.producer})
        producer.list_topics(topic, _PATIENCE_S)
        before = cpu_seconds(self.broker)
        with ExitStack() as stack:
            reader = stack.enter_context(self._reader(topic, setting, len(records))) if slowly else None
            began = time.process_time()
            reports = _send(producer, topic, records, slowly=slowly)
            spent = time.process_time() - began
            reader = reader or stack.enter_context(self._reader(topic, setting, len(records)))
            assert reader.stdout is not None
            reader_s, *delays = orjson.loads(reader.stdout.readline())
        cpu = {"producer": spent, "broker": cpu_seconds(self.broker) - before, "reader": reader_s}
        on_disk = sum(path.stat().st_size for path in self.folder.rglob(f"{topic}-?/*.log"))
        [deleted] = admin.delete_topics([topic]).values()
        deleted.result()
        return Lap(len(records), cpu, on_disk, reports, delays)

    @contextmanager
    def _reader(self, topic: str, setting: Setting, count: int) -> Iterator["Popen[bytes]"]:
        """A process that reads so many records, and then writes CPU seconds and all delays in a line."""
        changes = orjson.dumps(setting.consumer).decode()
        command = [sys.executable, "-m", "benchmarks.levers", self.kafka.bootstrap, topic, str(count), changes]
        with Popen(command, stdout=PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"reads\n"
                yield process
            finally:
                process.terminate()


def _records(count: int) -> list[tuple[bytes, bytes]]:
    """The benchmarks' interactions, with a text that compresses as little as random hex digits do."""
    noted = ({"sku": f"p-{number % 500}", "note": os.urandom(90).hex()} for number in counting())
    return [record(one | {"properties": note}) for one, note in zip(documents(count), noted, strict=False)]


def _send(producer: Producer, topic: str, records: Records, *, slowly: bool) -> list[float]:
    """Milliseconds until each was reported."""
    reports: list[float] = []

    def sent_at(moment: float) -> Callable[[KafkaError | None, Message], None]:
        def reported(error: KafkaError | None, _: Message) -> None:
            assert error is None, error
            reports.append((time.monotonic() - moment) * 1000)

        return reported

    began = time.monotonic()
    for first in range(0, len(records), BURST):
        if slowly:
            due = began + first / BURST * PERIOD_S
            while (left := due - time.monotonic()) > 0:
                producer.poll(left)
        report = sent_at(time.monotonic())
        for key, value in records[first : first + BURST]:
            producer.produce(topic, value, key, on_delivery=report)
        producer.poll(0)
    assert not producer.flush(_PATIENCE_S)
    return reports


def _percentiles(delays: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(delays, n=100)
    return {f"p{p}": round(cuts[p - 1], 1) for p in (50, 99)}


def _read(bootstrap: str, topic: str, count: str, changes: str) -> None:
    """Read all; the delay of a record is from the time in it, by the clock."""
    consumer = Consumer(
        {**consumer_config(KafkaSettings(bootstrap=bootstrap), "bench", "bench"), **orjson.loads(changes)}
    )
    began = time.process_time()
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    first = consumer.consume(1, 0.5)  # until it knows who leads the partitions; at low load there is none yet
    print("reads", flush=True)
    delays = [_delay(message) for message in first]
    while len(delays) < int(count):
        delays += [_delay(message) for message in consumer.consume(2_000, 0.05)]
    print(orjson.dumps([time.process_time() - began, *delays]).decode(), flush=True)
    consumer.close()


def _delay(message: Message) -> float:
    assert message.error() is None, message.error()
    return time.time() * 1000 - message.timestamp()[1]


if __name__ == "__main__":
    _read(*sys.argv[1:])
