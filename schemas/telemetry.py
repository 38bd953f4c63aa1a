"""Metrics and logs: every metric of every part is declared here, with unit, help and a bounded label set.

One `Metrics` is made in the entry point and passed down; there are no globals.
"""

import logging
import math
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final, Self, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

from schemas.recent import Labels, Recent, noting

PREFIX: Final = "throughline"
LIBRDKAFKA: Final = "librdkafka"  # the logger of the Kafka clients that are given one
_BRIEF: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
_WAITED: Final = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60, 120, 300, 600, 1800)  # seconds


class _Counter(Counter):
    """Finds a child that is there already without the lock, and without making texts of its labels again."""

    def labels(self, *labelvalues: Any, **labelkwargs: Any) -> Self:  # noqa: ANN401  as the library has it
        """See `Counter`; the first call for a child makes it."""
        found = cast("Self | None", self._metrics.get(labelvalues))
        return super().labels(*labelvalues, **labelkwargs) if found is None else found


class Metrics:
    """All metrics; each part uses its own. Labels are bounded: never an identifier, an event id or a message."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """`registry`: where they are kept, with the process's CPU, memory and start; one of their own by default."""
        self.registry = registry = registry or CollectorRegistry()
        ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return _Counter(name, text, labels, namespace=PREFIX, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, namespace=PREFIX, registry=registry)

        def histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...] = _BRIEF) -> Histogram:
            return Histogram(name, text, labels, namespace=PREFIX, registry=registry, buckets=buckets)

        self.build_info = gauge("build_info", "Always 1; the labels say what runs.", "version", "part")
        self.ready = gauge("ready", "1 while this part can do its work; of the intake, as /readyz says.")
        self.deliveries = counter(
            "deliveries_total", "Deliveries at the intake, by what became of them.", "source", "outcome"
        )
        self.accepted = counter(
            "interactions_accepted_total", "Interactions that Kafka has, all replicas.", "channel", "source"
        )
        self.rejected = counter(
            "interactions_rejected_total",
            "Items kept in `rejected`, by the part's reason.",
            "channel",
            "source",
            "reason",
        )
        self.processed = counter("interactions_processed_total", "Raw records with their fate.", "channel", "fate")
        self.dedupe_behind = gauge(
            "dedupe_behind_records", "Records that dedupe stores must read again before their partitions go on."
        )
        self.sink_rows = counter("sink_rows_total", "Rows sent to ClickHouse and acknowledged.", "table")
        self.sink_inserts = counter(
            "sink_inserts_total", "Inserts by result: done, retried, bisected.", "table", "result"
        )
        self.logged = gauge(
            "logged_timestamp_seconds", "When an event was last logged as a warning or an error.", "level", "event"
        )
        self.lag_messages = gauge(
            "lag_messages",
            "Records not yet consumed; told by the group's own part, and by the intake, also when that is down.",
            "group",
            "topic",
            "partition",
        )
        self.lag_seconds = gauge(
            "lag_seconds",
            "Age of the oldest record not yet consumed; told by the group's own part, and by the intake.",
            "group",
            "topic",
        )
        self.positions_lost = counter(
            "positions_lost_total",
            "Partitions whose records were deleted, or whose topic was made anew, before a group had read them.",
            "group",
            "topic",
        )
        self.end_to_end = histogram(
            "end_to_end_seconds",
            "From received to queryable, of rows that were read back from `timeline`.",
            "channel",
            buckets=_WAITED,
        )
        self.read_back_missing = counter(
            "read_back_missing_total", "Rows that ClickHouse had taken and that `timeline` did not show.", "channel"
        )
        self.step = histogram("step_seconds", "One run of the processor's step, without waiting for Kafka.")
        self.insert = histogram("insert_seconds", "One insert into ClickHouse.")
        self.audit_missing = gauge(
            "audit_missing", "Accepted records that are past their time and have no fate; NaN where none has looked."
        )
        self.audit_doubled = gauge("audit_doubled", "Accepted records with two fates; NaN where none has looked.")
        self.audit_seconds = gauge(
            "audit_seconds", "How long the last audit read the fates; NaN where none has looked."
        )
        self.audit_timestamp = gauge(
            "audit_timestamp_seconds", "When the last audit was done, since 1970; NaN where none has looked."
        )
        for looked in (self.audit_missing, self.audit_doubled, self.audit_seconds, self.audit_timestamp):
            looked.set(math.nan)
        self.identity_links = counter(
            "identity_links_total", "Links of the evidence by outcome: accepted, refused, known.", "outcome"
        )
        self.identity_merges = counter("identity_merges_total", "Profiles that went into another one.")
        self.identity_refused = counter("identity_refused_total", "Links that a rule refused, by the rule.", "rule")
        self.identity_unreadable = counter(
            "identity_unreadable_total", "Records of the evidence that cannot be read; the sink rejects their rows."
        )
        self.identity_profiles = gauge("identity_profiles", "Profiles of two and more identifiers, of this worker.")
        self.publish = histogram("publish_seconds", "From a batch handed over to all its delivery reports.")
        self.backlog = gauge("backlog_bytes", "The largest backlog of a partition: accepted, not yet consumed.")
        self.backlog_budget = gauge(
            "backlog_budget_bytes", "The backlog of a partition above which the intake answers 503."
        )
        self.retention_used = gauge(
            "retention_used_ratio",
            "Share of a topic's retention, in time or bytes, that its oldest record not yet consumed has used up.",
            "group",
            "topic",
        )
        self.retention_limit = gauge(
            "retention_limit_ratio", "The share of a topic's retention beyond which the intake answers 503."
        )
        self.disk_free = gauge(
            "disk_free_bytes", "Free on the disk of data_dir; NaN where this part keeps nothing that matters there."
        )
        self.disk_floor = gauge(
            "disk_floor_bytes", "Free bytes below which this part holds, or the intake answers 503; NaN as above."
        )
        for looked in (self.disk_free, self.disk_floor):
            looked.set(math.nan)

        self.quality_share = gauge(
            "quality_field_share",
            "Share of a source's interactions of the last ten minutes with a field.",
            "source",
            "field",
        )
        self.quality_interactions = gauge(
            "quality_interactions", "A source's interactions of the last ten minutes.", "source"
        )
        self.quality_delay = gauge(
            "quality_delay_seconds", "Median from occurred to received, of the last ten minutes.", "source"
        )
        recent = ", of the last five minutes: for `throughline status`."
        self.deliveries_recent = gauge("deliveries_recent", f"Deliveries{recent}", "source", "outcome")
        self.accepted_recent = gauge(
            "interactions_accepted_recent", f"Interactions accepted{recent}", "channel", "source"
        )
        self.rejected_recent = gauge(
            "interactions_rejected_recent", f"Items rejected{recent}", "channel", "source", "reason"
        )

    def recents(self) -> list[Recent]:
        """The counters of which somebody asks what they did just now."""
        return [
            _recent(self.deliveries, self.deliveries_recent),
            _recent(self.accepted, self.accepted_recent),
            _recent(self.rejected, self.rejected_recent),
        ]

    def serve(self, listen: str) -> Callable[[], None]:
        """Serve /metrics at `host:port`; the answer stops it.

        Raises:
            OSError: the port is taken.
        """
        host, _, port = listen.rpartition(":")
        server, thread = start_http_server(int(port), host, registry=self.registry)
        end = noting(self.recents())

        def stop() -> None:
            end()
            server.shutdown()
            server.server_close()
            thread.join()

        return stop


def _recent(counter: Counter, gauge: Gauge) -> Recent:
    def read() -> dict[Labels, float]:
        samples = [sample for family in counter.collect() for sample in family.samples]
        return {tuple(at.labels.values()): at.value for at in samples if at.name.endswith("_total")}

    def show(labels: Labels, rise: float) -> None:
        gauge.labels(*labels).set(rise)

    return Recent(read, show)


def configure_logging(
    part: str,
    *,
    level: str = "info",
    console: bool | None = None,
    noted: structlog.typing.Processor | None = None,
) -> None:
    """Structured logs on stderr: JSON lines, or the console form on a terminal. Called once, in the entry point.

    `noted` sees every event that is logged.
    """
    console = sys.stderr.isatty() if console is None else console
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )

    def name_part(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.setdefault("part", part)  # in every thread; context variables would stay in this one
        return event

    shared: list[structlog.typing.Processor] = [
        name_part,
        structlog.processors.add_log_level,
        *([noted] if noted else []),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)  # libraries log through the standard library: the same form
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(LIBRDKAFKA).addFilter(Seldom())
    hush_clients()


def hush_clients() -> None:
    """Silence ClickHouse's client: it tells of what it raises as well, with URLs that may quote what was asked."""
    for name in ("clickhouse_connect", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def logger(**bound: object) -> structlog.typing.FilteringBoundLogger:
    """A logger; event names are past tense, values hold no personal data."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(**bound)
    return log


class Once:
    """Lets each of a few kinds through once in `seconds`: who waits for a broker says the same many times a second."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._said: dict[str, float] = {}

    def may(self, kind: str, now: float) -> bool:
        """Whether it may be said now, in seconds by any steady clock; then it has been."""
        if now - self._said.get(kind, -math.inf) < self._seconds:
            return False
        self._said[kind] = now
        return True


class Seldom(logging.Filter):
    """Lets a message of librdkafka through once in `seconds`, of each kind: it repeats itself while a broker is away.

    Two messages are of one kind when their first two words are the same: the facility and the client.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        super().__init__()
        self._once = Once(seconds)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may pass."""
        return self._once.may(" ".join(record.getMessage().split(maxsplit=2)[:2]), record.created)


def frames_of(error: BaseException) -> list[str]:
    """Where an error came from, without its text, which may quote what customers sent."""
    return [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
