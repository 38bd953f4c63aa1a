"""One shard's lives without a broker: a log, the group's commit and the rows are kept here, the stores are real.

Every touch of the store or of the way out may be the last: `Death` strikes before or after the one that was chosen.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar, cast
from uuid import UUID

import orjson
from prometheus_client import CollectorRegistry

from schemas.evidence import Evidence
from schemas.identity import Rules
from schemas.kafka.backlog import Ledger, Report, Stage
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors.outlet import Outlet
from stream_processors.resolver.begin import begin, mark_of
from stream_processors.resolver.contract import Core
from stream_processors.resolver.emitter import Emitter
from stream_processors.resolver.graph import Graph
from stream_processors.resolver.graphs import Graphs
from stream_processors.resolver.halt import Halt
from stream_processors.resolver.records import Limits
from stream_processors.resolver.shard import Shard
from stream_processors.resolver.tools import Tools
from stream_processors.transport import Found, Start
from stream_processors.transport.progress import Progress
from stream_processors.transport.start import known
from tests.stream_processors.transport.records import message

AT = ("identity.evidence", 0)
TODAY = UUID(int=1)
NOW = 20_000 * 24 * 3_600_000
T = TypeVar("T")


class Death(BaseException):
    """The process ends here."""


@dataclass
class Fate:
    """After how many touches the process ends; it strikes once."""

    touches: int = 1 << 30
    is_after: bool = False

    def touch(self, work: Callable[[], T]) -> T:
        self.touches -= 1
        if self.touches == 0 and not self.is_after:
            raise Death
        done = work()
        if self.touches == 0:
            raise Death
        return done


@dataclass
class Kafka:
    """What outlives a process."""

    log: list[bytes] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    profiles: list[bytes] = field(default_factory=list)
    changes: list[bytes] = field(default_factory=list)
    pieces: list[int] = field(default_factory=lambda: [0])
    topic_id: UUID = TODAY
    low: int = 0
    mark: str = ""
    committed: int = -1001

    def send(self, facts: Iterable[Evidence]) -> None:
        self.log += [fact.encode() for fact in facts]

    def of(self, topic: str) -> list[bytes]:
        return dict(zip(Topics().resolved, (self.rows, self.changes, self.profiles), strict=True))[topic]

    @property
    def found(self) -> Found:
        return Found(self.committed, self.mark, self.low, len(self.log))


@dataclass
class Sent:
    """The way out, in the place of `Outlet`."""

    kafka: Kafka
    fate: Fate
    is_refused: bool = False

    def send(self, topic: str, outputs: Iterable[tuple[bytes, bytes]]) -> None:
        for key, value in outputs:
            self.kafka.pieces[-1] += len(key) + len(value)
            self.fate.touch(partial(self.kafka.of(topic).append, value))

    def send_to(self, topic: str, outputs: Iterable[tuple[int, bytes, bytes]]) -> None:
        for _, _, value in outputs:
            self.fate.touch(partial(self.kafka.log.append, value))

    def flush(self, give_up: Callable[[], bool]) -> bool:
        self.kafka.pieces.append(0)
        return self.fate.touch(lambda: not give_up())

    def close(self) -> None:
        """Nothing is on its way."""


class Room:
    """A backlog that is consumed at once."""

    held = 0

    def landed(self, reports: Iterable[Report]) -> None:
        """Nothing is counted."""

    def observe(self, stages: Iterable[Stage]) -> None:
        """Nothing is counted."""


class Life:
    """A process with this shard, from its assignment on."""

    def __init__(
        self,
        kafka: Kafka,
        graphs: Graphs,
        core: Core,
        fate: Fate,
        *,
        configured: Rules | None = None,
        budget: int = 1 << 20,
    ) -> None:
        self.kafka = kafka
        self.halt = Halt()
        self.metrics = Metrics(CollectorRegistry())
        self.tools = Tools(
            core=core,
            graphs=graphs,
            emitter=Emitter(cast("Outlet", Sent(kafka, fate)), Ledger(budget, Room()), self.halt),
            topics=Topics(),
            limits=Limits(40, 1 << 20),
            metrics=self.metrics,
            halt=self.halt,
            configured=configured or Rules(),
            told=lambda: iter([[(orjson.loads(value)["profile_id"].encode(), value)] for value in kafka.profiles]),
            shards=lambda: 1,
        )
        found = kafka.found
        begins = begin(graphs.of(AT).state, kafka.topic_id, found, NOW)
        assert begins is not None
        self.begins = begins
        self.progress = Progress(1 << 30)
        if not begins.resumes:
            fate.touch(lambda: self._commit(begins.offset))
        start = Start(begins.offset, is_declared=not begins.resumes)
        self.progress.begin({AT: begins.offset}, {AT: known(found, start)})
        self.read = begins.offset
        self.shard = Shard(AT, self.tools, kafka.topic_id, begins, found.high)

    def _commit(self, offset: int) -> None:
        self.kafka.committed, self.kafka.mark = offset, mark_of(self.begins.generation)

    def arrive(self, count: int) -> None:
        """The next records of the log, as one run of the transport."""
        values = self.kafka.log[self.read : self.read + count]
        if values:
            records = [
                message(self.read + number, value, stamp=1000 + self.read + number)
                for number, value in enumerate(values)
            ]
            self.read += len(values)
            run = self.progress.open(AT, records, sum(map(len, values)))
            self.progress.hand(run)
            self.shard.add(run)

    def work(self, dice: random.Random) -> None:
        """Take records in pieces of any size, and all the steps that they allow."""
        self._allow()
        while self.shard.step():
            pass
        while self.read < len(self.kafka.log):
            self.arrive(dice.randrange(1, 60))
            while self.shard.step():
                self._allow()

    def _allow(self) -> None:
        """Commit what may be committed."""
        for at, offset in self.progress.committable().items():
            self._commit(offset)
            self.progress.committed({at: offset})


@contextmanager
def living(folder: Path, fate: Fate) -> Iterator[Graphs]:
    """The stores of a process; whatever ends it, the files are closed, and what was not written is gone."""
    graphs = Mortal(folder, fate)
    try:
        yield graphs
    except Death:
        pass
    finally:
        graphs.close()


class Mortal(Graphs):
    """Stores whose writes may be the last."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        super().__init__(folder)
        self.fate = fate

    def _open_graph(self, at: tuple[str, int]) -> Graph:
        return self._mortal(super()._open_graph(at))

    def _mortal(self, graph: Graph) -> Graph:
        note, write = graph.note, graph.write
        graph.note = lambda state: self.fate.touch(lambda: note(state))  # type: ignore[method-assign]  # may be the last
        graph.write = lambda writes, state: self.fate.touch(lambda: write(writes, state))  # type: ignore[method-assign]  # as above
        return graph
