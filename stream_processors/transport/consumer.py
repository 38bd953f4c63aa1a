"""Faust's consumer, on the poller's runs. What it uses of Faust's inner life is held by a contract test."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, NoReturn

from faust.transport import consumer as base
from faust.types import TP, ConsumerMessage, Message

from schemas.telemetry import logger
from stream_processors.transport.poller import Poller
from stream_processors.transport.progress import Progress, Run, TopicPartition

if TYPE_CHECKING:
    from stream_processors.app import App

_STOP_S = 3.0


class Consumer(base.Consumer):
    """Hands the agent one message a run. Commits are the poller's: Faust's own acknowledge what an agent lost."""

    app: "App"
    progress: Progress
    _poller: Poller | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Faust's arguments, passed through
        super().__init__(*args, **kwargs)
        self.progress = Progress(self.app.reading.open_bytes, self.app.reading.open_runs)
        self._poller = None
        self._main = asyncio.get_running_loop()
        self._assignment: set[TP] = set()
        self._generation = 0
        self._inbox: deque[Run] = deque()
        self._arrival = asyncio.Event()
        self._leaving = False
        self._stopping = False

    # what Faust calls

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Begin to read; Faust calls this once its agents have started."""
        if self._poller is None:
            self._poller = Poller(self.app.reading, self.progress, self, topics)
            self._poller.begin()

    async def on_stop(self) -> None:
        """Commit what is finished, leave the group."""
        self._stopping = True
        if self._poller is not None and not await asyncio.to_thread(self._poller.end, _STOP_S):
            logger().warning("kafka_left_hanging", why="it does not answer; what is not committed is replayed")

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  Faust's signature
        """The runs that have arrived, one message each."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # mode's Event is asyncio's
        if not self._inbox:
            self._arrival.clear()
            try:
                await asyncio.wait_for(self._arrival.wait(), timeout)
            except TimeoutError:
                return
        while self._inbox and self.flow_active and not self._leaving and not self.should_stop:
            run = self._inbox.popleft()
            if self.progress.hand(run):
                yield TP(*run.partition), self._message(run)

    def _message(self, run: Run) -> Message:
        tp = TP(*run.partition)
        kind, stamp = run.records[-1].timestamp()
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            run.end - 1,
            stamp / 1000,
            kind,
            None,
            None,
            run,  # type: ignore[arg-type]  # its value is the run: nothing between here and the agent looks at it
            None,
            0,
            0,
            tp,
            generation_id=self._generation,
        )

    @property
    def lags(self) -> Mapping[TopicPartition, int]:
        """Records of each partition that are not finished, as of the last look, once a second."""
        return self._poller.lags if self._poller is not None else {}

    @property
    def lost(self) -> Mapping[str, int]:
        """By topic, how often a position was found to be gone."""
        return dict(self._poller.lost) if self._poller is not None else {}

    async def commit(self, topics: object = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002  Faust's signature
        """Nothing: the poller commits what is finished, and nothing else."""
        return False

    def ack(self, message: Message) -> bool:
        """Faust acknowledges whatever the agent was handed, also when it raised: it decides nothing here."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def perform_seek(self) -> None:
        """Nothing: each assignment begins at the committed positions."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing: offsets inside a run are no gaps."""

    def assignment(self) -> set[TP]:
        """The partitions of this worker."""
        return set(self._assignment)

    def on_buffer_full(self, tp: TP) -> None:
        """Nothing: the poller stops reading when enough is open."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing, as above."""

    def highwater(self, tp: TP) -> int:
        """The end of a partition, as of the last look."""
        return self.progress.finished().get(tp, 0) + self.lags.get(tp, 0)

    # what the poller calls, from its thread

    def arrived(self, runs: list[Run]) -> None:
        """See `Listener`."""
        self._main.call_soon_threadsafe(self._arrive, runs)

    def leaving(self) -> None:
        """See `Listener`."""
        self._leaving = True

    def revoked(self, partitions: set[TopicPartition]) -> None:
        """See `Listener`."""
        self._wait(self._on_revoked({TP(*at) for at in partitions}))

    def assigned(self, partitions: set[TopicPartition]) -> None:
        """See `Listener`."""
        self._wait(self._on_assigned({TP(*at) for at in partitions}))

    # on the event loop

    def _arrive(self, runs: list[Run]) -> None:
        self._inbox.extend(runs)  # those of an older assignment are dropped when they would be handed out
        self._arrival.set()

    async def _on_revoked(self, partitions: set[TP]) -> None:
        self._inbox.clear()
        self._read_offset.clear()
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(partitions)
        self._assignment = set()

    async def _on_assigned(self, partitions: set[TP]) -> None:
        if not self.app.rebalancing:  # nothing is revoked before the first assignment
            self.app.on_rebalance_start()
        self._assignment = partitions
        self._generation += 1
        self.app.consumer_generation_id = self._generation
        self._leaving = False
        await self.on_partitions_assigned(set(partitions), self._generation)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it on the event loop and wait; not while the loop waits for this thread to end."""
        if self._stopping:
            work.close()
            return
        future = asyncio.run_coroutine_threadsafe(work, self._main)
        while not (self._stopping or future.done()):
            wait([future], 0.1)
        if future.done():
            future.result()

    # what Faust has and this transport has not

    def _unused(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError("no tables, no seeks, no topics made, no client-only mode on this transport")

    _commit = seek_to_committed = _seek = _getmany = _to_message = position = seek_wait = _unused
    earliest_offsets = highwaters = key_partition = _new_topicpartition = create_topic = _unused
    topic_partitions = _unused
