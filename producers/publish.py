"""Publish: the one door to Kafka for what was accepted.

A batch is handed to librdkafka in one go, and all its delivery reports are awaited as one future. Nothing is sent
without room in the ledger; while Kafka is known to be away, nothing is even tried.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from logging import getLogger
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producers.judge import Record
from producers.outcomes import Held
from schemas.kafka.admin import TopicMissingError
from schemas.kafka.backlog import Ledger, Report
from schemas.kafka.clients import producer_config
from schemas.kafka.stuck import Patience, StuckError, patience_of
from schemas.settings import KafkaSettings
from schemas.telemetry import LIBRDKAFKA, Metrics, logger

OVERHEAD: Final = 128  # bytes of a record beside its value: key, and what Kafka's format adds
DELIVERY_MS: Final = 8_000  # after which a record that Kafka does not take has failed, and its sender is told so
IN_FLIGHT: Final = 32 << 20  # bytes handed to librdkafka and not yet reported
PIECE: Final = 4 << 20  # bytes of a delivery that are sent at once
_NO_TOPIC: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)  # noqa: SLF001  their public names
_PAUSE_S: Final = 0.01  # between two looks whether there is room
_POLL_S: Final = 0.2


class Publisher:
    """A Kafka producer for asyncio. Start it inside the running loop; `close` flushes.

    Attributes:
        trouble: why Kafka cannot take anything at the moment; None while it can. Told from outside as well (`told`).
        failure: what was told with that; None before anything was.
        barred: why nothing may be sent although Kafka could take it; None while it may.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        ledger: Ledger,
        metrics: Metrics,
        on_fatal: Callable[[str], None],
        part: str = "serve",
        *,
        patience: Patience | None = None,
    ) -> None:
        """`on_fatal` is called in another thread with what happened: the process should end.

        `patience`: with a producer that delivers nothing; by default, while Kafka answers somebody else.
        """
        self.trouble: str | None = "Kafka has not answered yet"
        self.failure: Exception | None = None
        self.barred: str | None = None
        self._loop = asyncio.get_running_loop()
        self._ledger = ledger
        self._metrics = metrics
        self._on_fatal = on_fatal
        self._log = logger()
        self._turn = asyncio.Lock()  # whoever waits for room is served in the order of asking
        self._flying = 0
        self._piece = min(PIECE, max(1, ledger.budget // 4))
        self._patience = patience or patience_of(kafka, part)
        config = producer_config(kafka, part) | {
            "message.timeout.ms": DELIVERY_MS,
            "queue.buffering.max.messages": 1_000_000,  # bytes are the bound: IN_FLIGHT
            "queue.buffering.max.kbytes": 2 * IN_FLIGHT >> 10,
        }
        self.max_record = int(config["message.max.bytes"]) - 4096
        self._producer = Producer(config | {"error_cb": self.failed}, logger=getLogger(LIBRDKAFKA))
        self._closing = False
        self._thread = threading.Thread(target=self._poll, name="publisher-poll", daemon=True)
        self._thread.start()

    async def publish(
        self, records: Sequence[Record], patience: float, headers: Mapping[str, bytes] | None = None
    ) -> Held | None:
        """Hand records to Kafka; None once all replicas have every one of them.

        `patience`: seconds to wait for room. `headers`: of each record. What does not fit the budget at once goes in
        pieces. After a `Held`, any part of the records may be in Kafka: to send all of them again is harmless.
        """
        deadline = time.monotonic() + patience
        for piece, size in pieces(records, self._piece):
            if self.away:
                return self._unavailable()
            if not await self._room(size, deadline):
                return self._unavailable() if self.away else overloaded(self.barred)
            began = time.perf_counter()
            error = await self._send(piece, size, headers)
            self._metrics.publish.note(time.perf_counter() - began)
            if error is not None:
                self._tell(error)
                return self._unavailable(error, piece)
        return None

    @property
    def away(self) -> bool:
        """Whether Kafka is known not to take anything."""
        return self.trouble is not None

    def told(self, failure: Exception | None) -> None:
        """Whether Kafka answered somebody else (the watch). Safe from any thread."""
        if failure is None:
            if self.away:
                self._log.info("kafka_answered")
            self.trouble = self.failure = None
            return
        text = failure.args[0].str() if isinstance(failure, KafkaException) else str(failure)
        if type(failure) is not type(self.failure):
            self._log.warning("kafka_lost", error=text)
        self.trouble, self.failure = f"Kafka: {text}", failure

    async def close(self, within_s: float) -> int:
        """Send what is still in the queue; the number of records that could not be sent in time."""
        left: int = await asyncio.to_thread(self._producer.flush, within_s)
        self._closing = True
        await asyncio.to_thread(self._thread.join)
        return left

    async def _room(self, size: int, deadline: float) -> bool:
        """Reserve `size` bytes; False when there was no room in time, or Kafka went away meanwhile."""
        if self.barred is not None:
            return False
        if not self._turn.locked() and self._reserve(size):
            return True
        with suppress(TimeoutError):
            left = None if math.isinf(deadline) else max(0.0, deadline - time.monotonic())
            async with asyncio.timeout(left), self._turn:
                while not self.away and self.barred is None:
                    if self._reserve(size):
                        return True
                    await asyncio.sleep(_PAUSE_S)
        return False

    def _reserve(self, size: int) -> bool:
        if self._flying and self._flying + size > IN_FLIGHT:
            return False
        if not self._ledger.reserve(size):
            return False
        self._flying += size
        return True

    async def _send(
        self, records: Sequence[Record], size: int, headers: Mapping[str, bytes] | None
    ) -> KafkaError | None:
        batch = _Batch(len(records), self._loop, self._heard)
        produce, report = self._producer.produce, batch.report
        if headers:
            produce = partial(produce, headers=dict(headers))
        try:
            for number, (topic, key, value) in enumerate(records):
                try:
                    produce(topic, value, key, on_delivery=report)
                except BufferError:
                    batch.give_up(len(records) - number, KafkaError(KafkaError._QUEUE_FULL))  # noqa: SLF001  its name
                    break
                except KafkaException as refused:
                    batch.give_up(len(records) - number, refused.args[0])
                    break
            await asyncio.shield(batch.done)
        finally:
            self._flying -= size
            self._ledger.landed(batch.reports, size)
        return batch.error

    def _poll(self) -> None:
        """The thread in which all reports and errors arrive."""
        while not self._closing:
            self._producer.poll(_POLL_S)

    def _heard(self, error: KafkaError | None) -> None:
        """How a batch ended, told in the polling thread."""
        if error is None:
            self._patience.end()
        elif error.code() != KafkaError._MSG_TIMED_OUT:  # noqa: SLF001  librdkafka's name
            return
        elif not self._patience.is_waiting:
            self._patience.begin()
        else:  # asked when it fails again: who has nothing to send for an hour is not stuck
            try:
                self._patience.check("Kafka answers, and has taken no interaction for a minute")
            except StuckError as stuck:
                self._on_fatal(str(stuck))

    def _unavailable(self, error: KafkaError | None = None, records: Sequence[Record] = ()) -> Held:
        if isinstance(self.failure, TopicMissingError):
            return unavailable(f"Kafka has {self.failure}")
        if error is not None and error.code() in _NO_TOPIC:  # the watch has not seen it yet
            return unavailable(f"Kafka has {without(sorted({topic for topic, *_ in records}))}")
        return unavailable()

    def _tell(self, error: KafkaError) -> None:
        if error.code() == KafkaError._MSG_TIMED_OUT:  # noqa: SLF001  librdkafka's name
            self.told(KafkaException(error))
        else:
            self._log.warning("publishing_failed", error=error.name())

    def failed(self, error: KafkaError) -> None:
        """What the producer itself met, told by librdkafka in the polling thread."""
        if error.fatal():
            self._on_fatal(f"{error.name()}: {error.str()}")
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001  librdkafka's name
            self.told(KafkaException(error))


class _Batch:
    """Records that are awaited together; reports arrive in the polling thread."""

    def __init__(self, size: int, loop: asyncio.AbstractEventLoop, heard: Callable[[KafkaError | None], None]) -> None:
        """`heard` is told in the polling thread how the last report left it."""
        self.done: asyncio.Future[None] = loop.create_future()
        self.error: KafkaError | None = None
        self.reports: list[Report] = []
        self._size = size
        self._told = 0  # counted in the polling thread
        self._untaken = 0  # counted in the loop; a lock around one count cost more than two counts
        self._loop = loop
        self._heard = heard

    def report(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.error = error
        else:
            where = message.topic() or "", message.partition() or 0, message.offset() or 0
            self.reports.append((*where, len(message) + OVERHEAD))
        self._told += 1
        if self._is_finished:
            self._heard(self.error)
        self._finish()

    def give_up(self, count: int, error: KafkaError) -> None:
        """The last `count` records were not taken over at all."""
        self.error = error
        self._untaken = count
        self._finish()

    @property
    def _is_finished(self) -> bool:
        return self._told + self._untaken >= self._size

    def _finish(self) -> None:
        if self._is_finished:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


def pieces(records: Sequence[Record], limit: int) -> Iterator[tuple[Sequence[Record], int]]:
    """The records in runs of at most `limit` bytes, a larger record alone; and the bytes of each run."""
    begin = size = 0
    for number, (_, _, value) in enumerate(records):
        bytes_ = len(value) + OVERHEAD
        if size and size + bytes_ > limit:
            yield records[begin:number], size
            begin, size = number, 0
        size += bytes_
    if size:
        yield records[begin:], size


def overloaded(why: str | None = None) -> Held:
    """The backlog is over its budget, or something else is near its limit."""
    return Held(
        "overloaded",
        why or "more is waiting to be processed than the backlog's budget allows",
        "send it again later; if this lasts, see whether `throughline process` and `throughline sink` keep up",
        2,
    )


def unavailable(why: str = "Kafka does not answer") -> Held:
    """Kafka is away, or has not what is needed."""
    return Held("unavailable", why, "send it again later; nothing that was accepted is lost", 5)


def without(topics: Sequence[str]) -> str:
    """That topics are missing, in words that say how to make them."""
    return f"no topic {' or '.join(topics)}: `throughline topics create` makes what is missing"
