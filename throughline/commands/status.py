"""`throughline status`: what runs, how far behind, how fresh, and what is wrong."""

import urllib.request
from collections.abc import Iterator
from typing import Any, Final

import click
from prometheus_client.parser import text_string_to_metric_families

from schemas.settings import Loaded, Settings
from schemas.telemetry import PREFIX
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_json, print_rows
from throughline.reading import opened, query
from throughline.stack import METRICS_PORTS

_TIMEOUT_S: Final = 2
_PARTS: Final = ("serve", "process", "resolve", "sink")
Samples = dict[str, list[tuple[dict[str, str], float]]]


@click.command()
@with_json
@with_settings
def status(*, loaded: Loaded, as_json: bool) -> None:
    """What runs, lag by topic, freshness by channel, what is wrong; exit status 1 when something is."""
    parts = {part: _scrape(loaded.settings, part) for part in _PARTS}
    with opened(loaded.settings) as client:
        fresh = query(client, "freshness", {})
    wrong = list(_wrong(parts))
    if as_json:
        print_json([*_part_rows(parts), *_lag_rows(parts), *fresh, *({"wrong": what} for what in wrong)])
    else:
        print_rows(_part_rows(parts), ["part", "state", "version"], as_json=False)
        print_rows(_lag_rows(parts), ["group", "topic", "messages"], as_json=False)
        print_rows(fresh, ["channel", "source", "last_occurred_at", "last_stored_at", "seconds_behind"], as_json=False)
    if wrong:
        raise Failed("; ".join(wrong))


def _scrape(settings: Settings, part: str) -> Samples | None:
    host, _, port = settings.metrics.listen.rpartition(":")
    url = f"http://{host}:{int(port) + METRICS_PORTS[part]}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name.removeprefix(f"{PREFIX}_"), []).append((sample.labels, sample.value))
    return samples


def _part_rows(parts: dict[str, Samples | None]) -> Iterator[dict[str, Any]]:
    for part, samples in parts.items():
        build = samples.get("build_info", [({}, 0.0)])[0][0] if samples is not None else {}
        yield {"part": part, "state": "down" if samples is None else "up", "version": build.get("version")}


def _lag_rows(parts: dict[str, Samples | None]) -> Iterator[dict[str, Any]]:
    told: dict[tuple[str, str, str], float] = {}  # by the group's own part and by the intake: the larger one counts
    for samples in parts.values():
        for labels, value in (samples or {}).get("lag_messages", []):
            at = (labels["group"], labels["topic"], labels["partition"])
            told[at] = max(value, told.get(at, 0))
    lag: dict[tuple[str, str], float] = {}
    for (group, topic, _), value in told.items():
        lag[group, topic] = lag.get((group, topic), 0) + value
    yield from ({"group": group, "topic": topic, "messages": int(n)} for (group, topic), n in lag.items() if n)


def _wrong(parts: dict[str, Samples | None]) -> Iterator[str]:
    for part, samples in parts.items():
        if samples is None:
            yield f"{part} does not answer: is `throughline up` running?"
    serve = parts["serve"] or {}
    [(_, held)] = serve.get("backlog_bytes", [({}, 0.0)])
    [(_, budget)] = serve.get("backlog_budget_bytes", [({}, 0.0)])
    if budget and held > budget:
        yield f"the backlog of a partition is {held:.0f} bytes, the budget {budget:.0f}: the intake answers 503"
