"""Prometheus' own programs, and our rules as values."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas.telemetry import Metrics

ROOT = Path(__file__).parents[3]
HOME = ROOT / "deploy/prometheus"
NAMED = re.compile(r"\b(?:throughline_\w+|throughline:\w+:\w+|process_\w+)")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule."""

    name: str
    severity: str
    annotations: dict[str, str]


def program(name: str) -> str:
    """The path of `prometheus` or `promtool`, which `make prometheus` brings.

    Raises:
        FileNotFoundError: it is not there.
    """
    found = shutil.which(name) or shutil.which(name, path=ROOT / ".prometheus/usr/bin")
    if found is None:
        raise FileNotFoundError(f"no {name}: run `make prometheus`")
    return found


def files() -> list[Path]:
    """All files of rules."""
    return sorted((HOME / "rules").glob("*.yml"))


def rules() -> Iterator[dict[str, Any]]:
    """Every rule as it is written."""
    for file in files():
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def needed(alert: str) -> list[dict[str, Any]]:
    """The rule of an alert, and before it the recording rules that it stands on."""
    wanted = [rule for rule in rules() if rule.get("alert") == alert]
    recorded = [rule for rule in rules() if "record" in rule]
    asked = " ".join(rule["expr"] for rule in wanted)
    found: list[dict[str, Any]] = []
    for rule in reversed(recorded):  # each stands on earlier ones only
        if rule["record"] in asked:
            found.insert(0, rule)
            asked += rule["expr"]
    return found + wanted


def alerts() -> list[Alert]:
    """The alerting ones."""
    return [
        Alert(rule["alert"], rule["labels"]["severity"], rule["annotations"]) for rule in rules() if "alert" in rule
    ]


def known() -> set[str]:
    """Every series that a part may serve, and every recorded one."""
    names: set[str] = set()
    for family in Metrics().registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        names |= {family.name + suffix for suffix in suffixes}
    return names | {rule["record"] for rule in rules() if "record" in rule}


_DURATION = re.compile(r"\b(\d+)(s|m|h|d|w)\b")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SLOW = {"AuditStopped"}  # audits come as often as they come


_LEAST_S = {"span": 4, "for": 5}  # at one look a second: enough to see a rise, and for a look that fails not to alarm


def hastened(by: int) -> dict[str, Any]:
    """All rules with durations that are so many times shorter, so that a test sees in seconds what takes minutes."""
    return {
        "groups": [
            {"name": f"rule {number}", "rules": [rule if rule.get("alert") in _SLOW else _shortened(rule, by)]}
            for number, rule in enumerate(rules())
        ]
    }


def _shortened(rule: dict[str, Any], by: int) -> dict[str, Any]:
    def shorter(text: str, least_s: int) -> str:
        return _DURATION.sub(lambda found: f"{max(least_s, int(found[1]) * _SECONDS[found[2]] // by)}s", text)

    brackets = re.compile(r"\[[^]]+\]|\boffset \S+")
    expr = brackets.sub(lambda span: shorter(span[0], _LEAST_S["span"]), rule["expr"])
    return rule | {"expr": expr} | ({"for": shorter(rule["for"], _LEAST_S["for"])} if "for" in rule else {})
