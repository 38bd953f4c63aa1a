"""The resolver, put together: app, loop, stores, producer, and the watch over the sink."""

from collections.abc import Callable
from typing import Final

from schemas.disk import Disk
from schemas.kafka.admin import admin_client, partitions_of, topic_ids
from schemas.kafka.backlog import Ledger
from schemas.kafka.clients import consumer_config, resolve_group, sink_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.kafka.stuck import patience_of
from schemas.settings import Settings
from schemas.telemetry import Metrics
from schemas.topics import Topics
from stream_processors.app import build
from stream_processors.outflow import OutflowBook, watch_over
from stream_processors.outlet import Outlet
from stream_processors.resolver.contract import Core
from stream_processors.resolver.emitter import Emitter
from stream_processors.resolver.graphs import Graphs
from stream_processors.resolver.halt import Halt
from stream_processors.resolver.loop import Loop
from stream_processors.resolver.rebuild import Archive, rebuild
from stream_processors.resolver.records import Limits
from stream_processors.resolver.told import told_by
from stream_processors.resolver.tools import Tools
from stream_processors.sight import Sight
from stream_processors.transport import reading
from stream_processors.worker import OPEN_BYTES, REFRESH_S, Worker

PART: Final = "resolve"
_OPEN_RUNS: Final = 1 << 16  # a run that was pending may have come in many pieces, and is waited for whole


def build_resolver(
    settings: Settings,
    core: Core,
    metrics: Metrics,
    fail: Callable[[BaseException], None],
    archive: Archive | None = None,
) -> Worker:
    """The resolver; `fail` is told, from any thread, what it cannot survive.

    `archive`: what to fill the stores from, before anything else.

    Raises:
        ConfigurationError: a setting of [kafka] cannot be used.
    """
    kafka, topics, group = settings.kafka, Topics(settings.kafka.prefix), resolve_group(settings.kafka)
    limits = Limits.within(kafka.budget)
    admin = admin_client(consumer_config(kafka, PART, group))
    disk = Disk(settings.data_dir, int(settings.limits.free_disk))
    disk.tell(metrics)
    ledger = Ledger(kafka.budget, OutflowBook(kafka.budget), lambda: disk.is_low)
    halt = Halt()
    tools = Tools(
        core=core,
        graphs=Graphs(settings.data_dir / PART),
        emitter=Emitter(Outlet(kafka, PART), ledger, halt),
        topics=topics,
        limits=limits,
        metrics=metrics,
        halt=halt,
        configured=settings.identity.rules,
        told=told_by(consumer_config(kafka, PART, group), topics.profiles),
        shards=lambda: partitions_of(admin, topics.evidence),
    )

    def prepare() -> bool:
        if archive is None:
            return True
        partitions = [(topics.evidence, number) for number in range(partitions_of(admin, topics.evidence))]
        return rebuild(tools.graphs, partitions, archive, core, halt)

    loop = Loop(tools, fail, prepare)
    how = reading(
        kafka,
        group,
        part=PART,
        positions=loop,
        run_bytes=limits.size,
        open_bytes=OPEN_BYTES,
        open_runs=_OPEN_RUNS,
        assigned=lambda partitions: loop.name(topic_ids(admin, kafka, {topic for topic, _ in partitions})),
        fail=fail,
    )
    offsets = KafkaOffsets(kafka, PART, refresh_s=REFRESH_S)
    app = build(group, (topics.evidence,), how, loop.submit)
    sight = Sight(patience_of(kafka, PART), fail)
    watch = watch_over({sink_group(kafka): topics.resolved}, kafka, offsets, ledger, sight.looked)
    return Worker(app, loop, watch, offsets, admin, disk, group, (topics.evidence,), metrics)
