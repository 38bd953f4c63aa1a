"""`throughline sink`: the parts put together, started when ClickHouse and Kafka are there, ended by a signal."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from functools import partial
from typing import Final, TypeVar

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from schemas.kafka.admin import TopicMissingError, admin_client, topic_ids
from schemas.kafka.backlog import Stage, Watch
from schemas.kafka.clients import producer_config, sink_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.kafka.stuck import StuckError, asking_anew
from schemas.settings import EMBEDDED, ConfigurationError, KafkaSettings, Settings
from schemas.telemetry import Metrics, logger
from schemas.topics import Topics
from sinks.assign import Positions
from sinks.audit.fates import Fates
from sinks.audit.watch import AuditWatch
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import pending
from sinks.consumer import consumer_settings
from sinks.errors import FatalError, LostError, TransientError
from sinks.heap import keep_large_blocks_apart
from sinks.lease import Rejections
from sinks.loop import Loop
from sinks.pulse import Pulse
from sinks.quality import EMBEDDED_S, EVERY_S, Quality
from sinks.read_back import ReadBack
from sinks.tables import targets
from sinks.warehouse import Warehouse

FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 5.0
WATCH_S: Final = 1.0
ASK_S: Final = 10.0
LOOK_S: Final = 0.1

T = TypeVar("T")


def main(settings: Settings, metrics: Metrics, ready: Callable[[], None]) -> int:
    """Store what its topics hold until SIGTERM or SIGINT; 0 after an orderly end, 1 where a person must act.

    Raises:
        ConfigurationError: the settings cannot be used.
    """
    if settings.clickhouse.url == EMBEDDED:
        msg = "clickhouse.url is embedded: run `throughline up`, or name a server as http://user:password@host:8123/db"
        raise ConfigurationError(msg)
    keep_large_blocks_apart()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log = logger()
    try:
        run(settings, metrics, ready, stop)
    except (FatalError, KafkaException, StuckError) as error:
        log.error("sink_failed", error=str(error))  # noqa: TRY400  the message says it all
        return 1
    except LostError:
        pass  # it was told to stop before it could begin
    log.info("sink_stopped")
    return 0


def run(settings: Settings, metrics: Metrics, ready: Callable[[], None], stop: threading.Event) -> None:
    """The same without signals.

    Raises:
        ConfigurationError: Kafka does not let us in.
        FatalError, KafkaException: trying again cannot help.
        LostError: `stop` was set before everything was there.
    """
    kafka = settings.kafka
    topics = Topics(kafka.prefix)
    config = producer_config(kafka, "sink")
    admin = admin_client(config)
    client = _unless(stop, partial(_await_clickhouse, settings.clickhouse.url, stop))
    producer = Producer(config | {"log_level": 0})  # the consumer tells when Kafka is away
    _await_topics(kafka, admin, producer, topics, stop)
    for topic in topics.stored:
        metrics.positions_lost.labels(sink_group(kafka), topic)  # 0 from the first scrape on, so that a rise is seen
    read_back, pulse = ReadBack(client, metrics), Pulse(client, metrics)
    tables = {
        topic: (
            target,
            Warehouse(client, target.table, metrics, pulse, read_back.offer if topic == topics.timeline else None),
        )
        for topic, target in targets(topics).items()
    }
    loop = Loop(
        kafka,
        positions=Positions(kafka, admin, stop),
        tables=tables,
        rejections=Rejections(producer, topics.rejected, metrics, asking_anew(consumer_settings(kafka))),
        metrics=metrics,
    )
    watch = Watch(
        KafkaOffsets(kafka, "sink", refresh_s=30),
        {sink_group(kafka): topics.stored},
        on_stage=lambda group, stage: _tell(metrics, group, stage),
        interval=WATCH_S,
    )
    fates = Fates(client, topics.raw, {"max_threads": 1})  # inserts come first
    audit = AuditWatch(KafkaOffsets(kafka, "audit", refresh_s=30), kafka, fates, metrics, stop)
    quality = Quality(client, metrics, EMBEDDED_S if kafka.is_embedded else EVERY_S)
    watch.start()
    quality.start()
    read_back.start()
    pulse.start()
    audit.start()
    try:
        loop.run(stop, ready)
    finally:
        _end(quality.stop, watch.stop, read_back.stop, pulse.stop, audit.end)
        client.close()


def _end(*ends: Callable[[], object]) -> None:
    """All at once: each leaves behind what takes longer than a second, and the drain may have left no more."""
    ending = [threading.Thread(target=end, daemon=True) for end in ends]
    for thread in ending:
        thread.start()
    for thread in ending:
        thread.join()


def _tell(metrics: Metrics, group: str, stage: Stage) -> None:
    for (topic, partition), (committed, end) in stage.items():
        metrics.lag_messages.labels(group, topic, str(partition)).set(max(0, end - committed))


def _unless(stop: threading.Event, ask: Callable[[], T]) -> T:
    """The answer of a server that may take minutes; raises LostError when `stop` is set first, and leaves it behind."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001  raised where it is awaited
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    while not stop.is_set():
        if wait([answer], LOOK_S).done:
            return answer.result()
    raise LostError


def _await_clickhouse(url: str, stop: threading.Event) -> ClickHouse:
    """Connect, and wait until the schema is what this program writes to."""
    client: ClickHouse | None = None
    for _ in _waits(stop):
        try:
            client = client or connect(url)
            missing = pending(client)
        except TransientError as error:
            logger().warning("clickhouse_awaited", error=str(error))
            continue
        if not missing:
            return client
        logger().warning("schema_awaited", missing=missing, hint="run `throughline migrate`")
    raise LostError


def _await_topics(
    kafka: KafkaSettings, admin: AdminClient, producer: Producer, topics: Topics, stop: threading.Event
) -> None:
    for _ in _waits(stop):
        try:
            admin.list_topics(timeout=ASK_S)  # it tells whether Kafka lets us in
            topic_ids(admin, kafka, topics.stored)
            if kafka.is_embedded:  # it makes a topic when a producer asks; a subscription would see it minutes later
                for topic in topics.stored:
                    producer.list_topics(topic, timeout=ASK_S)
        except (KafkaException, TopicMissingError) as error:
            logger().warning("kafka_awaited", error=str(error))
            continue
        return
    raise LostError


def _waits(stop: threading.Event) -> Iterator[None]:
    """Once at once, then again and again, ever more slowly, until `stop`."""
    wait = 0.0
    while not stop.wait(wait):
        yield
        wait = min(max(FIRST_WAIT_S, wait * 2), LONGEST_WAIT_S)
