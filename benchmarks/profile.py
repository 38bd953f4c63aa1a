"""Where a part's time goes: `python -m benchmarks.profile processor|sink|intake`, a sampled profile under full load.

py-spy looks at the running part 200 times a second, and counts only threads that run. The summary goes to stdout and,
with `--record`, to benchmarks/results/profiles: by function, what it took itself (C code that it calls included) and
with everything that it called. The stacks, for a flame graph, stay in the file that is named at the end.
"""

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from threading import Thread
from typing import Final

from confluent_kafka.admin import AdminClient

from benchmarks import intake
from benchmarks.contest.contestants import BY_NAME, OURS, PEERS_PYTHON, environment
from benchmarks.contest.course import customers_of, lay
from benchmarks.contest.watch import running
from benchmarks.machine import describe
from benchmarks.records import RESULTS
from benchmarks.sink import PARTITIONS, preload
from deploy.kafka.local import running_kafka
from schemas.kafka.admin import create
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate
from tests.producers.serving import serving
from throughline.gateway import running as gateways

RATE: Final = 200  # samples a second
MOST: Final = 30  # functions that are told
WARM_S: Final = 1.0
START_S: Final = 120.0
PROFILES: Final = RESULTS / "profiles"
_SPY: Final = PEERS_PYTHON.with_name("py-spy")


@contextmanager
def _processor(folder: Path) -> Iterator[int]:
    with running_kafka(folder / "kafka", Path(".kafka")) as kafka:
        course = lay(kafka.bootstrap, "", customers_of(400_000))
        with running(BY_NAME[OURS].command(course, "", folder), environment(course, folder), folder / "log") as process:
            _wait_for(folder / "log", b"worker_started")
            yield process.pid


@contextmanager
def _sink(folder: Path) -> Iterator[int]:
    with running_kafka(folder / "kafka", Path(".kafka")) as kafka, ExitStack() as stack:
        settings = KafkaSettings(bootstrap=kafka.bootstrap)
        create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics().specs(PARTITIONS, 1))
        preload(settings, 400_000)
        gateway = gateways.start(folder / "data")
        stack.callback(gateways.stop, gateway)
        url = gateways.url(folder / "data")
        with connect(url) as client:
            migrate(client)
        variables = {"THROUGHLINE_KAFKA__BOOTSTRAP": kafka.bootstrap, "THROUGHLINE_CLICKHOUSE__URL": url}
        variables |= {"THROUGHLINE_METRICS__LISTEN": "127.0.0.1:0", "THROUGHLINE_DATA_DIR": str(folder / "own")}
        with running([sys.executable, "-m", "throughline", "sink"], variables, folder / "log") as process:
            _wait_for(folder / "log", b"partitions_assigned")
            yield process.pid


@contextmanager
def _intake(folder: Path) -> Iterator[int]:
    with running_kafka(folder / "kafka", Path(".kafka")) as kafka:
        create(AdminClient({"bootstrap.servers": kafka.bootstrap}), Topics().specs(4, 1))
        with serving(KafkaSettings(bootstrap=kafka.bootstrap), folder) as served:
            load = Thread(target=intake.send, args=(served.url, intake.batches(3_000), 8), daemon=True)
            load.start()
            yield served.process.pid
            load.join()


def _wait_for(log: Path, event: bytes) -> None:
    deadline = time.monotonic() + START_S
    while event not in log.read_bytes():
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.1)


def main(arguments: Sequence[str]) -> int:
    """Profile a part."""
    parts = {"processor": _processor, "sink": _sink, "intake": _intake}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile")
    parser.add_argument("part", choices=parts)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--record", action="store_true", help="keep the summary in benchmarks/results/profiles")
    asked = parser.parse_args(arguments)
    stacks = Path(mkstemp(suffix=".stacks")[1])
    with TemporaryDirectory() as folder, parts[asked.part](Path(folder)) as pid:
        time.sleep(WARM_S)
        _spy(pid, asked.seconds, stacks)
    told = f"{_head(asked.part, asked.seconds)}\n{summary(stacks.read_text())}"
    print(told)
    if asked.record:
        PROFILES.mkdir(exist_ok=True)
        (PROFILES / f"{asked.part}.txt").write_text(told)
    sys.stderr.write(f"stacks: {stacks}\n")
    return 0


def _spy(pid: int, seconds: int, stacks: Path) -> None:
    command = [str(_SPY), "record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(RATE)]
    subprocess.run([*command, "--format", "raw", "--threads", "--output", str(stacks)], check=True, capture_output=True)


def _head(part: str, seconds: int) -> str:
    where = describe()
    taken = f"{where['date']}, {where['commit']}, {where['machine']}"
    return f"{part}: {seconds} s at {RATE} samples a second; {taken}\n"


def summary(stacks: str) -> str:
    """Shares of all samples, by function: itself, and with what it called. `stacks`: a line a stack, and its count."""
    itself: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame.rpartition(":")[0] or frame for frame in stack.split(";")]
        itself[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    samples = sum(itself.values())
    rows = [f"{'itself':>7} {'whole':>7}  function ({samples} samples)"]
    rows += [f"{n / samples:7.1%} {whole[name] / samples:7.1%}  {name}" for name, n in itself.most_common(MOST)]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
