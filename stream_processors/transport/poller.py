"""The thread that makes every librdkafka call: it reads, cuts runs, commits, and answers rebalances.

One thread, because a commit from another one during a rebalance callback never returns. The callbacks run in it too,
inside `poll` and `consume`.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from logging import getLogger
from time import monotonic
from typing import Final, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Place

from schemas.kafka.rejoin import Rejoin
from schemas.kafka.stuck import Patience, asking_anew
from schemas.telemetry import LIBRDKAFKA, logger
from stream_processors.transport.ask import ask, declare
from stream_processors.transport.errors import LOST, PositionLostError, is_passing
from stream_processors.transport.progress import Progress, Run, TopicPartition
from stream_processors.transport.settings import Reading
from stream_processors.transport.start import Start, known
from stream_processors.transport.tap import Tap

RUN_RECORDS: Final = 2000  # read at once; they become one run a partition
_POLL_S: Final = 0.05  # bounds how late a commit or a stop is noticed
_GATHER_S: Final = 0.005  # what a first record waits for more
_COMMIT_S: Final = 0.05
_LOOK_S: Final = 1.0  # between two looks at the lag
_HOLD_S: Final = 1.0  # full for so long, fetching is paused, so that polling can go on
_DRAIN_S: Final = 5.0  # a rebalance waits for open runs at most so long
_ANSWER_S: Final = 60.0  # for Kafka to say where partitions begin


class Listener(Protocol):
    """Who is told; every call comes from the poller's thread."""

    def arrived(self, runs: list[Run]) -> None:
        """Runs to hand to the agent, in order."""

    def leaving(self) -> None:
        """Partitions are about to be taken away: hand nothing more to the agent."""

    def revoked(self, partitions: set[TopicPartition]) -> None:
        """They were; returns when Faust knows."""

    def assigned(self, partitions: set[TopicPartition]) -> None:
        """The partitions of this worker from now on; returns when Faust knows."""


class Poller:
    """A consumer of a group, from `begin` to `end`.

    Attributes:
        lags: records of each partition that are not finished, as of the last look.
        lost: by topic, how often a position was found to be gone.
    """

    def __init__(self, reading: Reading, progress: Progress, listener: Listener, topics: Iterable[str]) -> None:
        self.lags: Mapping[TopicPartition, int] = {}
        self.lost: Counter[str] = Counter()
        self._reading = reading
        self._progress = progress
        self._listener = listener
        self._rejoin = Rejoin(Patience(asking_anew(reading.config)))
        self._consumer = Consumer(reading.config | {"on_commit": self._on_commit}, logger=getLogger(LIBRDKAFKA))
        back, gone = self._rejoin.joined(self._on_assign), self._rejoin.lost(self._on_lost)
        self._consumer.subscribe(list(topics), on_assign=back, on_revoke=self._on_revoke, on_lost=gone)
        self._tap = Tap(self._consumer)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka-poller", daemon=True)
        self._starts: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._marks: dict[TopicPartition, str] = {}
        self._turns = 0  # rebalances that were answered
        self._new: set[TopicPartition] | None = None  # an assignment that Faust does not know yet
        self._committing: dict[TopicPartition, int] = {}
        self._refused: KafkaException | None = None
        self._commit_at = self._look_at = 0.0
        self._full_since: float | None = None

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def end(self, timeout: float) -> bool:
        """Commit, leave the group and end the thread; False: it did not within the time (seconds)."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._turn()
            self._commit_now()
        except BaseException as error:  # noqa: BLE001  whatever it is, the process must hear of it
            self._closing.set()
            self._reading.fail(error)
        finally:
            self._consumer.close()

    def _turn(self) -> None:
        if self._refused is not None:
            raise self._refused
        now = monotonic()
        self._commit_soon(now)
        self._look(now)
        self._rejoin.check()
        self._tap.release(self._reading.positions.withheld())
        if self._progress.is_full:
            self._hold(now)
        else:
            self._full_since = None
            self._tap.open()
            self._read(_POLL_S, RUN_RECORDS)

    # reading

    def _read(self, timeout: float, most: int) -> None:
        turns = self._turns
        first = self._consumer.poll(timeout)
        records = [] if first is None else [first]
        if records and most > 1 and turns == self._turns:
            records += self._consumer.consume(most - 1, _GATHER_S)
        if turns != self._turns:
            if records:  # from before or after the rebalance, nobody can tell: read again
                self._assign(self._starts)
            self._tell()
            return
        if runs := self._cut(records):
            self._listener.arrived(runs)

    def _cut(self, records: list[Message]) -> list[Run]:
        """Runs of one partition each, none much larger than it may be."""
        runs: list[Run] = []
        open_: dict[TopicPartition, tuple[list[Message], int]] = {}
        most = self._reading.run_bytes
        for record in records:
            if (error := record.error()) is not None:
                self._weigh(error)
                continue
            at: TopicPartition = (record.topic(), record.partition())  # type: ignore[assignment]  # a record has both
            size = len(record.value() or b"")
            mine, held = open_.get(at, ([], 0))
            if mine and held + size > most:
                runs.append(self._progress.open(at, mine, held))
                mine, held = [], 0
            mine.append(record)
            open_[at] = (mine, held + size)
        return runs + [self._progress.open(at, mine, held) for at, (mine, held) in open_.items()]

    def _weigh(self, error: KafkaError) -> None:
        """Say what is wrong with Kafka; raise what will not pass by itself."""
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  librdkafka's own codes are named so
            raise PositionLostError(error.str())
        if not is_passing(error):
            raise KafkaException(error)
        logger().warning("kafka_troubled", code=error.name(), text=error.str())

    def _hold(self, now: float) -> None:
        """So much is open that nothing is read. Polling goes on, or the group would think that we are dead."""
        if self._full_since is None:
            self._full_since = now
        if self._progress.wait_for_room(0.02):
            return
        if now - self._full_since > _HOLD_S:
            self._tap.shut()
        if self._tap.is_shut:
            self._read(0, 1)

    def _look(self, now: float) -> None:
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_S
        lags = {}
        for at, finished in self._progress.finished().items():
            lags[at] = max(0, self._end(at) - finished)
        self.lags = lags

    def _end(self, at: TopicPartition) -> int:
        """The end of a partition, as of its last records, or as of its assignment if none came."""
        marks = self._consumer.get_watermark_offsets(Place(*at), cached=True)
        return max(self._ends.get(at, 0), marks[1] if marks else 0)

    # positions

    def _commit_soon(self, now: float) -> None:
        if now < self._commit_at:
            return
        self._commit_at = now + _COMMIT_S
        wanted = {at: end for at, end in self._progress.committable().items() if self._committing.get(at) != end}
        if wanted:
            self._committing |= wanted
            self._consumer.commit(offsets=self._places(wanted), asynchronous=True)

    def _commit_now(self) -> None:
        """Commit what is finished, and wait for it; a position that is no longer ours to commit is left alone."""
        if not (wanted := self._progress.committable()):
            return
        try:
            done = self._consumer.commit(offsets=self._places(wanted), asynchronous=False)
        except KafkaException as error:
            self._on_commit(error.args[0], [])
        else:
            self._on_commit(None, done or [])

    def _on_commit(self, error: KafkaError | None, places: list[Place]) -> None:
        errors = [e for e in (error, *(place.error for place in places)) if e is not None]
        self._committing.clear()  # what failed is tried again
        for failed in errors:
            if not (failed.code() in LOST or is_passing(failed)):
                self._refused = KafkaException(failed)
            logger().warning("commit_failed", code=failed.name(), text=failed.str())
        if not errors:
            self._progress.committed({(place.topic, place.partition): place.offset for place in places})

    def _on_assign(self, _: Consumer, places: list[Place]) -> None:
        self._turns += 1
        if self._closing.is_set():
            return
        found, has = self._find(places)
        self._starts = {at: begin.offset for at, begin in found.items()}
        self._marks = {at: begin.mark for at, begin in found.items() if begin.mark}
        self._assign(self._starts)
        self._progress.begin(self._starts, has)
        self._new = set(self._starts)
        if found:
            self._reading.positions.begun()

    def _on_revoke(self, _: Consumer, places: list[Place]) -> None:
        self._turns += 1
        if self._closing.is_set():
            return
        self._listener.leaving()
        if not self._progress.wait_idle(_DRAIN_S):
            logger().warning("runs_abandoned", why="the partitions move away, and these runs take too long")
        self._commit_now()
        self._leave(places)

    def _on_lost(self, _: Consumer, places: list[Place]) -> None:
        self._turns += 1
        if not self._closing.is_set():
            logger().warning("partitions_lost", count=len(places))
            self._listener.leaving()
            self._leave(places)

    def _leave(self, places: list[Place]) -> None:
        self._starts = {}
        self._committing.clear()
        self._progress.begin({})
        self._new = None
        self._listener.revoked({(place.topic, place.partition) for place in places})

    def _tell(self) -> None:
        if self._new is not None:
            new, self._new = self._new, None
            self._listener.assigned(new)

    def _assign(self, starts: Mapping[TopicPartition, int]) -> None:
        self._consumer.assign([Place(*at, offset) for at, offset in starts.items()])
        self._tap.begin(starts, self._reading.positions.withheld())

    def _find(self, places: list[Place]) -> tuple[dict[TopicPartition, Start], dict[TopicPartition, int]]:
        """Where partitions begin and what Kafka has of them, asked until it answers; none when they moved away."""
        until = monotonic() + _ANSWER_S
        while True:
            try:
                self._reading.assigned({(at.topic, at.partition) for at in places})
                found = ask(self._consumer, places, self._closing.wait)
                self._ends = {at: partition.high for at, partition in found.items()}
                starts = dict(self._reading.positions.find(found))
                is_ours = declare(self._consumer, starts)
            except KafkaException as error:
                if monotonic() > until or self._closing.is_set():
                    raise
                logger().warning("positions_not_found", text=str(error))
            else:
                self._alarm(starts)
                if not is_ours:
                    return {}, {}
                return starts, {at: known(found[at], begin) for at, begin in starts.items()}
            self._closing.wait(1.0)

    def _places(self, positions: Mapping[TopicPartition, int]) -> list[Place]:
        """To commit."""
        return [
            Place(*at, offset, self._marks[at]) if at in self._marks else Place(*at, offset)
            for at, offset in positions.items()
        ]

    def _alarm(self, starts: Mapping[TopicPartition, Start]) -> None:
        for (topic, partition), begin in starts.items():
            if begin.alarm:
                self.lost[topic] += 1
                logger().error("position_fell_out_of_range", topic=topic, partition=partition, why=begin.alarm)
