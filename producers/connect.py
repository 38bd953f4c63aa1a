"""Connect: an acceptor with everything that it stands on, for whoever brings deliveries (`serve`, `import`)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

from producers.accept import Acceptor
from producers.limits import Limits
from producers.publish import Publisher, without
from schemas.kafka.access import AccessRefusedError
from schemas.kafka.admin import TopicMissingError
from schemas.kafka.backlog import Ledger, Stage, Watch
from schemas.kafka.books import FlowBook, PartitionBook
from schemas.kafka.clients import process_group, resolve_group, sink_group
from schemas.kafka.lag import Lags
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings, Settings
from schemas.telemetry import Metrics, logger
from schemas.topics import Topics

FLUSH_S: Final = 2.0
_LOOK_S: Final = 1.0  # between two looks at what was consumed; what we send ourselves is counted at once
_LOOK_EMBEDDED_S: Final = 0.05  # the budget there is small: room must be seen as soon as it is made
_REFRESH_S: Final = 5.0  # between two questions for the list of partitions
_WAIT_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Connected:
    """What `connected` yields."""

    acceptor: Acceptor
    publisher: Publisher
    ledger: Ledger

    async def answered(self) -> None:
        """Wait until Kafka has answered, however long it takes.

        Raises:
            AccessRefusedError: its answer is that it does not let us in.
        """
        while self.publisher.away:
            if isinstance(self.publisher.failure, AccessRefusedError):
                raise self.publisher.failure
            await asyncio.sleep(_WAIT_S)


@asynccontextmanager
async def connected(
    settings: Settings, metrics: Metrics, on_fatal: Callable[[str], None], part: str
) -> AsyncIterator[Connected]:
    """An acceptor over a publisher whose backlog is watched. Kafka may be away; at the end the queue is flushed.

    `on_fatal` is called in another thread when the producer cannot go on: the process should end.
    """
    kafka = settings.kafka
    topics = Topics(kafka.prefix)
    lags = Lags(metrics)
    ledger = ledger_of(kafka)
    offsets = KafkaOffsets(kafka, part, refresh_s=0.0 if kafka.is_embedded else _REFRESH_S)
    publisher = Publisher(kafka, ledger, metrics, on_fatal, part)
    limits = Limits(settings, ledger, metrics)
    wanted = () if kafka.is_embedded else (*topics.raw, topics.rejected)  # the embedded broker makes them when asked

    def looked(failure: Exception | None) -> None:
        if failure is None and (absent := [topic for topic in wanted if not offsets.partitions([topic])]):
            failure = TopicMissingError(without(absent))
        publisher.told(failure)
        if failure is None:
            publisher.barred = limits.look()
        metrics.ready.set(not publisher.away and publisher.barred is None)
        metrics.backlog.set(ledger.largest)

    def staged(group: str, stage: Stage) -> None:
        lags.tell(group, stage, monotonic())  # a part that is down cannot tell of its lag
        limits.tell(group, stage)

    watch = Watch(
        offsets,
        {process_group(kafka): topics.raw, sink_group(kafka): topics.outputs},
        ledger=ledger,
        also={
            resolve_group(kafka): (topics.evidence,),
            sink_group(kafka): (topics.evidence, *topics.resolved),
        },
        on_stage=staged,
        on_look=looked,
        interval=_LOOK_EMBEDDED_S if kafka.is_embedded else _LOOK_S,
    )
    metrics.backlog_budget.set(ledger.budget)
    starting = asyncio.create_task(asyncio.to_thread(watch.start))
    try:
        yield Connected(Acceptor(publisher, topics, int(settings.http.max_interaction), metrics), publisher, ledger)
    finally:
        await starting
        left, is_over = await asyncio.gather(publisher.close(FLUSH_S), asyncio.to_thread(watch.stop))
        if left:
            logger().warning("records_left_unsent", records=left)  # none of them was answered as accepted
        if is_over:
            await asyncio.to_thread(offsets.close)


def ledger_of(kafka: KafkaSettings) -> Ledger:
    """A ledger with the configured budget; the embedded broker drops what it cannot hold, so all is counted."""
    return Ledger(kafka.budget, FlowBook() if kafka.is_embedded else PartitionBook())
