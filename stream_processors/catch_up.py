"""A store that has not seen what was processed before: its partition waits until it has read that again.

So it is with a store that was lost, and with one that stayed behind while its partition was elsewhere. All that the
window can still ask for is read from the raw topic, and remembered as it was at first; copies are told from the first
record on, and a record that is replayed has the fate that it had. Other partitions go on meanwhile.
"""

import threading
from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Final, NamedTuple

from confluent_kafka import KafkaException, Message

from schemas.disk import Disk
from schemas.telemetry import Metrics, logger
from stream_processors.answers import EndedError
from stream_processors.columns import columns_of
from stream_processors.core.learn import learn
from stream_processors.past import Past, Span
from stream_processors.store import Store
from stream_processors.transport import Found, Positions, Start

TopicPartition = tuple[str, int]
Lend = Callable[[set[TopicPartition]], Mapping[TopicPartition, Store]]
_RETRY_S: Final = 1.0


class _Gap(NamedTuple):
    store: Store
    span: Span


class CatchUp:
    """Says where partitions begin, and which wait. Implements `stream_processors.transport.Positions`."""

    def __init__(
        self,
        positions: Positions,
        past: Callable[[], Past],
        lend: Lend,
        disk: Disk,
        *,
        window: int,
        channels: Mapping[str, str],
        metrics: Metrics,
        fail: Callable[[BaseException], None],
    ) -> None:
        """`lend` gives stores, which nobody touches before the next assignment; `window` in milliseconds.

        `channels`: of each raw topic; `fail` is told what cannot be survived.
        """
        self._positions = positions
        self._past = past
        self._window = window
        self._channels = channels
        self._left = metrics.dedupe_behind
        self._fail = fail
        self._lend = lend
        self._disk = disk
        self._waiting: frozenset[TopicPartition] = frozenset()
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()  # the worker's end may come while the poller begins

    # what the poller calls

    def find(self, found: Mapping[TopicPartition, Found]) -> Mapping[TopicPartition, Start]:
        """See `Positions`; the stores that are behind begin to read."""
        self.end()
        starts = self._positions.find(found)
        # nothing lies behind a group's first position, nor behind one that was out of range
        asked = {at for at, place in found.items() if place.low < starts[at].offset <= place.committed}
        try:
            stores = self._lend(asked) if asked else {}
        except EndedError:  # the work has stopped: nothing will be read from there either
            return starts
        gaps = []
        for at, store in stores.items():
            knows, end = store.position, starts[at].offset
            if knows is None or knows < end:
                gaps.append(_Gap(store, Span(at, max(knows or 0, found[at].low), end, found[at].high)))
        if gaps:
            gaps.sort(key=lambda gap: gap.span.end - gap.span.begin)  # the short ones need not wait for the long ones
            self._begin(gaps)
        return starts

    def begun(self) -> None:
        """See `Positions`."""
        self._positions.begun()

    def withheld(self) -> frozenset[TopicPartition]:
        """See `Positions`."""
        return self._waiting

    def end(self) -> None:
        """Give up what is not done; it goes on from there at the next assignment."""
        with self._turn:
            if self._thread is not None:
                self._halt.set()
                self._thread.join()
                self._thread = None
            self._waiting = frozenset()
            self._left.set(0)

    # in the thread

    def _begin(self, gaps: list[_Gap]) -> None:
        with self._turn:
            self._waiting = frozenset(gap.span.at for gap in gaps)
            self._halt = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(gaps, self._halt), name="catch-up", daemon=True)
            self._thread.start()

    def _run(self, gaps: list[_Gap], halt: threading.Event) -> None:
        past = self._past()
        try:
            while gaps and not halt.is_set():
                gap = gaps[0]
                self._left.set(sum(one.span.end - max(one.span.begin, one.store.position or 0) for one in gaps))
                if self._fill(gap, past, halt):
                    gaps.pop(0)
                    self._waiting -= {gap.span.at}
            self._left.set(0)
        except BaseException as error:  # noqa: BLE001  whatever it is, the process must hear of it
            self._fail(error)
        finally:
            past.close()

    def _fill(self, gap: _Gap, past: Past, halt: threading.Event) -> bool:
        """Read what the store has not seen; False: asked to end, or Kafka was away."""
        store, span = gap
        topic, partition = span.at
        try:
            span = past.since(span._replace(begin=max(span.begin, store.position or 0)), self._window)
        except KafkaException as error:
            logger().warning("kafka_awaited", text=str(error))
            halt.wait(_RETRY_S)
            return False
        logger().warning(
            "dedupe_store_fell_behind", topic=topic, partition=partition, knows=store.position, begins=span.end,
            reads_from=span.begin,
        )  # fmt: skip
        began, count = monotonic(), 0
        for records in past.read(span):
            if halt.is_set() or not self._disk.wait(halt):
                return False
            if records:
                count += len(records)
                self._remember(store, span, records)
        store.pass_to(span.end)
        seconds = round(monotonic() - began, 3)
        logger().info("dedupe_store_caught_up", topic=topic, partition=partition, records=count, seconds=seconds)
        return True

    def _remember(self, store: Store, span: Span, records: list[Message]) -> None:
        raw = columns_of(self._channels[span.at[0]], span.at, store, records)
        writes = learn(raw, store, self._window)
        store.write(writes, raw.offsets[-1] + 1, min(max(raw.arrivals), int(time() * 1000)))
        self._left.dec(len(records))
