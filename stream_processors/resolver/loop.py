"""The thread of the resolver: it answers where shards begin, and takes their runs in turn."""

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from time import time
from uuid import UUID

from schemas.telemetry import logger
from stream_processors.answers import EndedError, answer_of
from stream_processors.resolver.begin import begin, mark_of
from stream_processors.resolver.graph import GRAPH
from stream_processors.resolver.shard import Shard
from stream_processors.resolver.tools import Tools
from stream_processors.transport import Found, Run, Start

TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Assignment:
    """Where do these partitions begin?"""

    found: Mapping[TopicPartition, Found]
    answer: Future[dict[TopicPartition, Start]]


class _Begun:
    """What the answer declared is in Kafka: rows may go out."""


class Loop:
    """Takes runs with `submit`.

    Implements `stream_processors.transport.Positions` and `stream_processors.worker.Thread`.
    """

    def __init__(self, tools: Tools, fail: Callable[[BaseException], None], prepare: Callable[[], bool]) -> None:
        """`prepare`: done in the thread before it takes anything; False: it was given up."""
        self._tools = tools
        self._prepare = prepare
        self._halt = tools.halt
        self._fail = fail
        self._topic_ids: Mapping[str, UUID] = {}
        self._shards: dict[TopicPartition, Shard] = {}
        self._is_begun = False
        self._inbox: queue.SimpleQueue[Run | _Assignment | _Begun | None] = queue.SimpleQueue()  # None: the end
        self._thread = threading.Thread(target=self._run, name="resolve", daemon=True)

    # what other threads call

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, run: Run) -> None:
        """Take a run; does not wait."""
        self._inbox.put(run)

    def name(self, topic_ids: Mapping[str, UUID]) -> None:
        """The topics' ids of today, before an assignment."""
        self._topic_ids = topic_ids

    def find(self, found: Mapping[TopicPartition, Found]) -> Mapping[TopicPartition, Start]:
        """See `Positions`; the stores are opened by the thread that uses them. None begins when the part has ended.

        Raises:
            StoreError: a store cannot be used, or does not cover what was deleted.
            EndedError: the thread has ended, and was not told to.
        """
        answer: Future[dict[TopicPartition, Start]] = Future()
        self._halt.moved.set()
        self._inbox.put(_Assignment(found, answer))
        try:
            return answer_of(self._thread, answer)
        except EndedError:
            if self._halt.ending.is_set():  # partitions that come now are whoever's is next
                return {}
            raise

    def begun(self) -> None:
        """See `Positions`."""
        self._inbox.put(_Begun())

    def withheld(self) -> frozenset[TopicPartition]:
        """None: what arrives before its shard has begun waits in the shard."""
        return frozenset()

    def end(self, timeout: float) -> bool:
        """Finish the run that is open, and end; False: it could not within the time (seconds), and was abandoned."""
        self._halt.ending.set()
        self._inbox.put(None)
        self._thread.join(timeout)
        if ended := not self._thread.is_alive():
            return ended
        self._halt.abandoned.set()
        self._thread.join(timeout)
        return False

    # in the thread

    def _run(self) -> None:
        try:
            if not self._prepare():
                return
            while self._receive(wait=not self._step()):
                pass
        except BaseException as error:  # noqa: BLE001  whatever it is, the process must hear of it
            self._fail(error)
        finally:
            self._tools.emitter.close()
            self._tools.graphs.close()

    def _step(self) -> bool:
        """One run of each shard; False: none had anything to do, or no time for it."""
        is_busy = False
        for shard in self._shards.values() if self._is_begun else ():
            if self._halt.is_over:
                return False
            is_busy |= shard.step()
        self._tools.metrics.identity_profiles.set(sum(shard.graph.state.profiles for shard in self._shards.values()))
        return is_busy

    def _receive(self, *, wait: bool) -> bool:
        """Take what has come, and wait for something if that is asked; False: it is time to end."""
        while True:
            try:
                came = self._inbox.get(block=wait)
            except queue.Empty:
                return True
            wait = False
            if came is None:
                return False
            if isinstance(came, Run):
                self._add(came)
            elif isinstance(came, _Begun):
                self._is_begun = True
            else:
                self._answer(came)

    def _add(self, run: Run) -> None:
        shard = self._shards.get(run.partition)
        if shard is not None and run.is_current:
            shard.add(run)

    def _answer(self, asked: _Assignment) -> None:
        self._halt.moved.clear()
        self._is_begun = False
        self._shards.clear()
        try:
            self._tools.graphs.keep(set(asked.found))
            starts = {at: self._start(at, found) for at, found in asked.found.items()}
        except BaseException as error:
            asked.answer.set_exception(error)
            raise
        asked.answer.set_result(starts)

    def _start(self, at: TopicPartition, found: Found) -> Start:
        graph = self._tools.graphs.of(at)
        topic_id = self._topic_ids[at[0]]
        begins = begin(graph.state, topic_id, found, int(time() * 1000))
        if begins is None:
            raise GRAPH.broken(graph.folder, "does not hold what was deleted from the beginning of its topic")
        self._shards[at] = Shard(at, self._tools, topic_id, begins, found.high)
        logger().info(
            "shard_began",
            topic=at[0],
            partition=at[1],
            generation=begins.generation,
            position=begins.offset,
            end=found.high,
            resumes=begins.resumes,
        )
        return Start(begins.offset, mark=mark_of(begins.generation), is_declared=not begins.resumes)
