"""Prometheus' own programs, and our rules as values."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
HOME = ROOT / "deploy/prometheus"


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


def alerts() -> list[Alert]:
    """The alerting ones."""
    return [
        Alert(rule["alert"], rule["labels"]["severity"], rule["annotations"]) for rule in rules() if "alert" in rule
    ]
