"""`throughline status`: the one screen when something is wrong: what runs, how far behind, how fresh, what to read."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import click

from schemas.settings import Loaded
from throughline.condition.findings import Finding, deliveries, findings, last_logged
from throughline.condition.scrape import Instance, scrape
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_rows
from throughline.reading import opened, query

ANSWER_S: Final = 10  # of ClickHouse, for somebody who waits; what the parts tell stands there before


@click.command()
@with_json
@with_settings
def status(*, loaded: Loaded, as_json: bool) -> None:
    """What runs, lag by topic, deliveries by source, freshness by channel; exit status 1 when something is wrong."""
    now = time.time()
    instances = scrape(loaded.settings)
    wrong = findings(instances, now)
    show = partial(print_rows, as_json=as_json)
    show(_parts(instances, now), ["part", "at", "state", "version", "up_s", "last", "ago_s"])
    show(_lag(instances), ["group", "topic", "messages", "seconds"])
    show(_deliveries(instances), ["source", "accepted", "others"])
    try:
        with opened(loaded.settings, ANSWER_S) as client:
            fresh = query(client, "freshness", {})
        show(fresh, ["channel", "source", "last_occurred_at", "last_stored_at", "seconds_behind"])
    except Failed as error:
        wrong.append(Finding("ClickHouseNotAnswering", str(error)))
    if wrong:
        found = [{"wrong": finding.what, "alert": finding.alert, "read": finding.section} for finding in wrong]
        show(found, ["wrong", "read"])
        raise Failed(f"{len(wrong)} thing{'s' * (len(wrong) > 1)} wrong")


def _parts(instances: Sequence[Instance], now: float) -> Iterator[dict[str, Any]]:
    for instance in instances:
        [(build, _)] = instance.values("build_info") or [({}, 0.0)]
        last = last_logged(instance, now)
        yield {
            "part": instance.part,
            "at": instance.address,
            "state": _state(instance),
            "version": build.get("version"),
            "up_s": round(now - started) if (started := instance.largest("process_start_time_seconds")) else None,
            "last": f"{last.level}: {last.event}" if last else None,
            "ago_s": round(last.ago_s) if last else None,
        }


def _deliveries(instances: Sequence[Instance]) -> Iterator[dict[str, Any]]:
    """Since the intakes began, as they tell it; `others` are those that were not accepted, the most frequent first."""
    for source, told in sorted(deliveries(instances).items()):
        others = sorted(((count, outcome) for outcome, count in told.items() if outcome != "accepted"), reverse=True)
        yield {
            "source": source or "(unknown key)",
            "accepted": round(told.get("accepted", 0.0)),
            "others": ", ".join(f"{count:.0f} {outcome}" for count, outcome in others if count) or None,
        }


def _state(instance: Instance) -> str:
    if instance.samples is None:
        return "down"
    return "up" if instance.is_ready else "not ready"


def _lag(instances: Sequence[Instance]) -> Iterator[dict[str, Any]]:
    """By group and topic; told by the group's own part and by the intake: the larger one counts."""
    told: dict[tuple[str, str, str], float] = {}
    age: dict[tuple[str, str], float] = {}
    for instance in instances:
        for labels, value in instance.values("lag_messages"):
            at = (labels["group"], labels["topic"], labels["partition"])
            told[at] = max(value, told.get(at, 0))
        for labels, value in instance.values("lag_seconds"):
            age[labels["group"], labels["topic"]] = max(value, age.get((labels["group"], labels["topic"]), 0))
    lag: dict[tuple[str, str], float] = {}
    for (group, topic, _), value in told.items():
        lag[group, topic] = lag.get((group, topic), 0) + value
    for (group, topic), messages in lag.items():
        if messages:
            seconds = round(age.get((group, topic), 0.0), 1)
            yield {"group": group, "topic": topic, "messages": int(messages), "seconds": seconds}
