"""Questions that are asked of every part in the same way."""

from deploy.grafana.panels import Bounds, Query, Question, Row, Unit


def lag(part: str) -> Row:
    """How far a part is behind."""
    where = f'{{part="{part}"}}'
    return Row(
        "Is it keeping up?",
        [
            Question(
                "How old is the oldest record that it has not read?",
                "Above 30 s it does not keep up, or it stands: see its log, then add a process.",
                [Query(f"throughline:part_lag_seconds:max{where}", "{{part}}")],
                Unit.SECONDS,
                Bounds(5, 30),
                section=f"{part.title()}Behind",
            ),
            Question(
                "How many records wait for it, by topic?",
                "A number that grows on one topic alone points at a partition whose process stands.",
                [Query(f"throughline:part_lag_messages:sum{where}", "{{topic}}")],
                Unit.COUNT,
            ),
        ],
    )


def process(part: str) -> Row:
    """What a part's processes take."""
    where = f'{{job="throughline", part="{part}"}}'
    return Row(
        "What does it take?",
        [
            Question(
                "How much of a core does each process use?",
                "Near 1 a process is at its end: add another, up to the partitions.",
                [Query(f"rate(process_cpu_seconds_total{where}[$__rate_interval])", "{{instance}}")],
                Unit.SHARE,
                Bounds(0.8, 0.95),
                width=8,
            ),
            Question(
                "How much memory does each process hold?",
                "It levels off; a line that climbs for hours is a leak.",
                [Query(f"process_resident_memory_bytes{where}", "{{instance}}")],
                Unit.BYTES,
                width=8,
            ),
            Question(
                "How long has each process been running?",
                "A sawtooth is a process that ends and is started again: its log says why.",
                [Query(f"time() - process_start_time_seconds{where}", "{{instance}}")],
                Unit.SECONDS,
                width=8,
                section="PartRestarting",
            ),
        ],
    )
