"""What each alert must see to fire, and what must leave it quiet: series in promtool's notation, one sample a step."""

from collections.abc import Iterator
from dataclasses import dataclass

Series = dict[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """A course of events.

    Attributes:
        alert: which one.
        series: by name and labels, without the prefix `throughline_`; `10+5x3` is 10, 15, 20, 25; `_` is no sample.
        quiet, fires: moments, as `1m30s`.
        step: between two samples.
    """

    alert: str
    series: Series
    quiet: tuple[str, ...] = ()
    fires: tuple[str, ...] = ()
    step: str = "10s"


def shop_hours() -> str:
    """Eight days of a source that sends from nine to five, and a ninth on which it sends nothing; every 5 minutes."""
    total, values = 0, []
    for day in range(9):
        for slot in range(288):
            total += 4 if day < 8 and 108 <= slot < 204 else 0
            values.append(total)
    return " ".join(map(str, values))


def behind(part: str) -> Iterator[Case]:
    """Falling behind, and catching up from far behind."""
    lag = f'lag_seconds{{group="shop.throughline-{part}", topic="t"}}'
    yield Case(f"{part.title()}Behind", {lag: "0x5 0+10x30 10x10"}, ("1m20s", "7m30s"), ("3m", "6m"))
    yield Case(f"{part.title()}Behind", {lag: "900-20x43"}, ("2m", "4m", "6m50s"))


SINKS = tuple(f'up{{job="throughline", part="sink", instance="{at}"}}' for at in "abc")
REJECTED = 'interactions_rejected_total{part="serve", source="web", channel="web", reason="time_invalid"}'
ACCEPTED = 'interactions_accepted_total{part="serve", source="web", channel="web"}'
UNANSWERED = 'clickhouse_unanswered_seconds{part="sink"}'
FREE, FLOOR = 'disk_free_bytes{part="process"}', 'disk_floor_bytes{part="process"}'
NEAR, LIMIT = 'retention_used_ratio{part="serve", group="g", topic="t"}', 'retention_limit_ratio{part="serve"}'
PUBLISH, WAITED = "publish_seconds_bucket", "end_to_end_seconds_bucket"

CASES = (
    Case("PartDown", {'up{job="throughline", part="sink"}': "1x11 0x11 1x10"}, ("2m20s", "4m10s"), ("3m",)),
    Case(
        "PartAbsent",
        {f'up{{job="throughline", part="{part}"}}': "1x60" for part in ("serve", "process", "resolve")}
        | {'up{job="throughline", part="sink"}': "1x5 stale"},
        ("50s", "1m30s"),
        ("3m",),
    ),
    Case(  # one of two is forgotten; for an hour it is known that there were two
        "PartMissing",
        {SINKS[0]: "1x500", SINKS[1]: "1x60 stale"},
        ("9m", "10m20s", "74m"),
        ("11m", "30m", "60m"),
    ),
    Case(  # it comes back for a moment, again and again
        "PartMissing",
        {SINKS[0]: "1x100", SINKS[1]: "1x60 " + "stale _x4 1 " * 5},
        ("9m",),
        ("11m30s", "12m", "13m", "14m"),
    ),
    Case(  # an upgrade brings a third one before it ends the first, and a restart takes 20 seconds
        "PartMissing",
        {SINKS[0]: "1x40 stale", SINKS[1]: "1x80 stale _ 1x40", SINKS[2]: "_x30 1x120"},
        ("5m30s", "6m50s", "7m30s", "8m", "10m", "13m50s", "14m30s", "16m"),
    ),
    Case("PartMissing", {SINKS[0]: "1x30 0x30"}, ("7m",)),  # one that is known and does not answer is down
    Case(
        "PartRestarting",
        {'process_start_time_seconds{job="throughline", part="sink"}': "100x10 200x10 300x10 400x120"},
        ("5m20s", "17m10s"),
        ("5m40s",),
    ),
    Case("PartNotReady", {'ready{part="resolve"}': "1x5 0x15 1x10"}, ("1m30s", "4m"), ("1m50s",)),
    Case("PartNotReady", {'ready{part="serve"}': "0x20"}, ("3m",)),  # it has an alert of its own
    Case("DiskLow", {FREE: "5000x5 3900x30 4100x10", FLOOR: "1000x60"}, ("2m50s", "6m30s"), ("3m10s", "5m")),
    Case("DiskLow", {FREE: " ".join(["NaN"] * 60), FLOOR: " ".join(["NaN"] * 60)}, ("8m",)),  # a part without one
    Case("DiskLow", {FREE: "10x60", FLOOR: "0x60"}, ("8m",)),  # nothing need be free
    Case("DiskFull", {FREE: "5000x5 999x30 1000x10", FLOOR: "1000x60"}, ("1m20s", "6m30s"), ("1m50s", "5m")),
    Case("IntakeNotReady", {'ready{part="serve"}': "1x5 0x10 1x10"}, ("1m20s", "3m"), ("1m50s",)),
    Case("IntakeNotReady", {'ready{part="process"}': "0x20"}, ("3m",)),
    Case(
        "IntakeRefusing",
        {
            'deliveries_total{source="web", outcome="accepted"}': "0+100x130",
            'deliveries_total{source="web", outcome="unavailable"}': "0x30 0+10x30 300x60",
        },
        ("5m", "12m30s"),
        ("8m", "10m"),
    ),
    Case(  # what a sender did wrong is not ours
        "IntakeRefusing",
        {
            'deliveries_total{source="web", outcome="accepted"}': "0+1x60",
            'deliveries_total{source="web", outcome="signature_wrong"}': "0+100x60",
        },
        ("8m",),
    ),
    Case(
        "BacklogNearBudget",
        {"backlog_bytes": "100x6 850x30 100x10", "backlog_budget_bytes": "1000x60"},
        ("2m50s", "6m30s"),
        ("3m30s",),
    ),
    Case(
        "BacklogOverBudget",
        {
            "backlog_bytes": "100x6 990x30 100x30",
            "backlog_budget_bytes": "1000x90",
            'deliveries_total{source="web", outcome="overloaded"}': "0x6 0+5x30 150x60",
        },
        ("1m", "8m"),
        ("3m",),
    ),
    Case(
        "KafkaSlow",
        {f'{PUBLISH}{{le="{le}"}}': "0+10x30 300x60" for le in ("1", "2.5")}
        | {f'{PUBLISH}{{le="{le}"}}': "0+10x90" for le in ("5", "+Inf")},
        ("5m", "6m"),
        ("7m", "11m"),
    ),
    Case(  # half a minute, as while a broker restarts
        "KafkaSlow",
        {f'{PUBLISH}{{le="{le}"}}': "0+10x30 300x2 310+10x60" for le in ("1", "2.5")}
        | {f'{PUBLISH}{{le="{le}"}}': "0+10x93" for le in ("5", "+Inf")},
        ("5m40s", "6m", "6m20s", "7m"),
    ),
    Case(
        "SourceSilent",
        {'deliveries_total{source="web", outcome="accepted"}': "0+10x576 5760x30"},
        ("47h", "48h30m"),
        ("49h30m",),
        step="5m",
    ),
    Case(
        "SourceSilent",
        {'deliveries_total{source="shop", outcome="accepted"}': shop_hours()},
        ("179h", "195h"),  # three o'clock in the night, and nine in the morning
        ("203h", "205h"),
        step="5m",
    ),
    Case("RejectedShareJumped", {ACCEPTED: "0+10x250", REJECTED: "_x119 200x130"}, ("20m", "41m"), ("23m", "33m")),
    Case(  # from one moment on all of it: told within a minute, though it is little of a quarter of an hour
        "RejectedShareJumped",
        {ACCEPTED: "0+10x119 1190x130", REJECTED: "_x119 0+10x130"},
        ("20m10s",),
        ("20m40s", "21m30s", "30m"),
    ),
    Case(  # half of it, and before that a twentieth always was
        "RejectedShareJumped",
        {ACCEPTED: "0+19x119 2261+10x130", REJECTED: "0+1x119 120+10x130"},
        ("20m10s",),
        ("20m50s", "25m"),
    ),
    Case("RejectedShareJumped", {ACCEPTED: "0+6x250", REJECTED: "0+4x250"}, fires=("25m",)),  # two fifths, for long
    Case("RejectedShareJumped", {ACCEPTED: "0+100x250", REJECTED: "_x119 60x130"}, ("20m40s", "25m")),  # one bad file
    Case(  # garbage that somebody wrote to a raw topic, past the intake
        "RejectedShareJumped",
        {'interactions_rejected_total{part="process", source="unknown", channel="web"}': "_x119 0+5x30 150x100"},
        ("20m30s", "40m30s"),
        ("21m30s", "30m"),
    ),
    Case("RejectedShareJumped", {ACCEPTED: "0+9x250", REJECTED: "0+1x250"}, ("25m", "40m")),  # as it always is
    Case("RejectedShareJumped", {ACCEPTED: "0x100", REJECTED: "0x30 15x70"}, ("8m",)),  # a handful
    Case(
        "SignatureFailuresJumped",
        {'deliveries_total{source="social", outcome="signature_wrong"}': "_x59 50x130"},
        ("10m", "21m"),
        ("10m40s", "12m"),
    ),
    Case(  # the intake did not answer for two minutes: what it had refused long before is not refused again
        "SignatureFailuresJumped",
        {'deliveries_total{source="social", outcome="signature_wrong"}': "0x30 50x90 stale _x11 50x130"},
        ("25m", "31m20s", "32m"),
    ),
    Case(
        "RejectedShareJumped",
        {ACCEPTED: "0+1x120 stale _x11 133+1x150", REJECTED: "0x5 500x114 stale _x11 500x150"},
        ("36m", "37m"),
    ),
    Case(
        "IdentityRefusedJumped",
        {'identity_refused_total{rule="hub"}': "0x5 100x114 stale _x11 100x150"},
        ("36m", "37m"),
    ),
    Case(
        "FieldShareDropped",
        {
            'quality_field_share{source="web", field="strong_identifier"}': "0.8x300 0.2x60",
            'quality_field_share{source="web", field="amount"}': "0.1x300 0x60",  # few had it before
            'quality_interactions{source="web"}': "500x360",
        },
        ("50m",),
        ("57m",),
    ),
    Case(
        "FieldShareDropped",
        {
            'quality_field_share{source="shop", field="amount"}': "0.8x300 0x60",
            'quality_interactions{source="shop"}': "20x360",
        },
        ("57m",),
    ),
    Case(
        "DelayJumped",
        {'quality_delay_seconds{source="web"}': "20x300 600x60", 'quality_interactions{source="web"}': "500x360"},
        ("50m",),
        ("57m",),
    ),
    Case(  # a clock that is ahead
        "DelayJumped",
        {'quality_delay_seconds{source="web"}': "1x300 -10800x60", 'quality_interactions{source="web"}': "500x360"},
        ("50m",),
        ("52m", "57m"),
    ),
    Case(  # one that always was
        "DelayJumped",
        {'quality_delay_seconds{source="web"}': "-600x360", 'quality_interactions{source="web"}': "500x360"},
        ("57m",),
    ),
    *behind("process"),
    *behind("resolve"),
    *behind("sink"),
    Case(
        "EndToEndSlow",
        {f'{WAITED}{{channel="web", le="{le}"}}': "0+10x30 300x90" for le in ("1", "3")}
        | {f'{WAITED}{{channel="web", le="{le}"}}': "0+10x60 600x60" for le in ("7.5", "+Inf")},
        ("5m", "11m30s"),
        ("7m",),
    ),
    Case(  # ClickHouse was away for three minutes, and what waited is stored at once
        "EndToEndSlow",
        {f'{WAITED}{{channel="web", le="{le}"}}': "0+10x30 300x18 300+10x60" for le in ("1", "3")}
        | {f'{WAITED}{{channel="web", le="{le}"}}': "0+10x30 300x18 480+10x60" for le in ("7.5", "+Inf")},
        ("8m", "8m40s", "9m20s", "10m"),
    ),
    Case("RetentionNear", {NEAR: "0x5 0.125x10 0.25x30 0x10", LIMIT: "0.5x60"}, ("2m30s", "3m20s", "8m"), ("4m", "7m")),
    Case("RetentionReached", {NEAR: "0.375x5 0.5x30 0x10", LIMIT: "0.5x60"}, ("1m", "7m"), ("2m", "6m")),
    Case(  # told by two intakes: one alert
        "RetentionReached",
        {f'{name[:-1]}, instance="{at}"}}': "0.5x30" for name in (NEAR, LIMIT) for at in ("a", "b")},
        fires=("2m",),
    ),
    Case(
        "RecordsLost",
        {'positions_lost_total{part="sink", group="g", topic="t"}': "0x5 1x400"},
        ("50s", "63m"),
        ("1m10s", "50m"),
    ),
    Case(  # found at the very start, so that no rise is seen
        "RecordsLost",
        {
            'positions_lost_total{part="sink", group="g", topic="t"}': "_x5 1x400",
            'process_start_time_seconds{job="throughline", part="sink"}': "50x400",
        },
        ("40s", "63m"),
        ("1m10s", "50m"),
    ),
    Case("ClickHouseNotAnswering", {UNANSWERED: "0x5 0+10x12 0x10"}, ("1m10s", "3m20s"), ("1m40s", "2m50s")),
    Case("ClickHouseNotAnswering", {UNANSWERED: "0x5 5 15 0 5 0 16 0x10"}, ("1m20s", "2m", "2m10s")),  # a restart
    Case(
        "SinkRetrying",
        {'sink_inserts_total{table="interactions", result="retried"}': "0x5 0+1x30 30x20"},
        ("1m", "7m40s"),
        ("3m",),
    ),
    Case(
        "InsertsRefused",
        {'sink_inserts_total{table="interactions", result="bisected"}': "0x5 1x200"},
        ("50s", "17m"),
        ("1m10s",),
    ),
    Case("RowsNotReadBack", {'read_back_missing_total{channel="web"}': "0x5 2x100"}, ("50s", "12m"), ("1m10s",)),
    Case("IdentityRefusedJumped", {'identity_refused_total{rule="hub"}': "_x89 100x200"}, ("14m", "32m"), ("18m",)),
    Case("EvidenceUnreadable", {"identity_unreadable_total": "0x5 1x200"}, ("50s", "17m"), ("1m10s",)),
    Case("AuditMissing", {"audit_missing": "0x5 3x10 0x5"}, ("1m20s", "3m10s"), ("1m50s",)),
    Case("AuditDoubled", {"audit_doubled": "0x5 1x10 0x5"}, ("1m20s", "3m10s"), ("1m50s",)),
    Case("AuditStopped", {"audit_timestamp_seconds": "0+10x60 600x120"}, ("10m", "24m"), ("26m",)),
    Case("AuditStopped", {"audit_timestamp_seconds": " ".join(["NaN"] * 60)}, ("4m",), ("6m",)),
)
