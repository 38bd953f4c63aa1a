"""Metrics and logs: every metric of every part is declared here, with unit, help and a bounded label set.

One `Metrics` is made in the entry point and passed down; there are no globals. What a part tells is declared in the
module of its name, `logs` has what it says.
"""

from schemas.telemetry.declare import PREFIX
from schemas.telemetry.logs import LIBRDKAFKA, Once, Seldom, configure_logging, frames_of, hush_clients, logger
from schemas.telemetry.metrics import Metrics

__all__ = [
    "LIBRDKAFKA",
    "PREFIX",
    "Metrics",
    "Once",
    "Seldom",
    "configure_logging",
    "frames_of",
    "hush_clients",
    "logger",
]
