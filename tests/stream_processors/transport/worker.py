"""A Faust worker on the transport, in the test's own event loop: its agent keeps what it is handed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from confluent_kafka import Producer

from schemas.settings import KafkaSettings
from stream_processors.app import App, build
from stream_processors.transport import Positions, Run, reading

GROUP = "group"


@dataclass
class Worker:
    """What the agent was handed; `held` keeps it from finishing."""

    app: App | None = None
    runs: list[Run] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    assignments: list[set[tuple[str, int]]] = field(default_factory=list)
    held: bool = False

    def take(self, run: Run) -> None:
        self.runs.append(run)
        if not self.held:
            run.finish()

    def release(self) -> None:
        """Finish all that is held, and hold nothing more."""
        self.held = False
        for run in list(self.runs):
            run.finish()

    @property
    def is_paused(self) -> bool:
        """Whether so much was open for so long that the poller lets nothing flow."""
        poller = self.app.reader._poller if self.app is not None else None
        return poller is not None and poller._tap.is_shut

    @property
    def values(self) -> list[bytes]:
        return [record.value() or b"" for run in self.runs for record in run.records]

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """Partition and offset of every record."""
        return [(record.partition() or 0, record.offset() or 0) for run in self.runs for record in run.records]


@asynccontextmanager
async def working(
    kafka: KafkaSettings,
    *topics: str,
    held: bool = False,
    run_bytes: int = 1 << 20,
    open_bytes: int = 16 << 20,
    positions: Positions | None = None,
) -> AsyncIterator[Worker]:
    worker = Worker(held=held)
    how = reading(
        kafka,
        GROUP,
        positions=positions,
        run_bytes=run_bytes,
        open_bytes=open_bytes,
        assigned=worker.assignments.append,
        fail=worker.failures.append,
    )
    worker.app = build(GROUP, topics, how, worker.take)
    await worker.app.start()
    try:
        yield worker
    finally:
        await worker.app.stop()


async def until(true: Callable[[], object]) -> None:
    """Wait; the test's own time limit ends it."""
    while not true():
        await asyncio.sleep(0.02)


def send(kafka: KafkaSettings, topic: str, values: list[bytes], partition: int = -1) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 2})
    for value in values:
        producer.produce(topic, value, value, partition)
    assert not producer.flush(30)
