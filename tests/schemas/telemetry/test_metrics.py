"""Metrics are those that dashboards rely on, with unit, help and bounded labels."""

import httpx
import pytest

from schemas.telemetry import Metrics
from tests.ports import free_port

PROMISED = {
    "deliveries_total": ("source", "outcome"),
    "interactions_accepted_total": ("channel", "source"),
    "interactions_processed_total": ("channel", "fate"),
    "interactions_rejected_total": ("channel", "source", "reason"),
    "sink_rows_total": ("table",),
    "sink_inserts_total": ("table", "result"),
    "lag_messages": ("group", "topic", "partition"),
    "lag_seconds": ("group", "topic"),
    "end_to_end_seconds": ("channel",),
    "step_seconds": (),
    "insert_seconds": (),
    "publish_seconds": (),
    "backlog_bytes": (),
    "backlog_budget_bytes": (),
    "build_info": ("version", "part"),
}


def test_every_promised_metric_is_there_with_its_labels() -> None:
    metrics = Metrics()
    found = {
        m._name.removeprefix("throughline_") + ("_total" if m._type == "counter" else ""): m._labelnames
        for m in vars(metrics).values()
        if hasattr(m, "_labelnames")
    }
    assert {name: found.get(name) for name in PROMISED} == PROMISED


def test_a_child_of_a_counter_is_the_same_however_it_is_asked_for() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.accepted.labels("web", "shop").inc()
        metrics.accepted.labels(source="shop", channel="web").inc()
    labels = {"channel": "web", "source": "shop"}
    assert metrics.registry.get_sample_value("throughline_interactions_accepted_total", labels) == 4


def test_metrics_are_served_and_the_server_ends() -> None:
    metrics = Metrics()
    metrics.build_info.labels("1", "test").set(1)
    port = free_port()
    stop = metrics.serve(f"127.0.0.1:{port}")
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert 'throughline_build_info{part="test",version="1"} 1.0' in answer.text
    stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_a_taken_port_is_an_error() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            Metrics().serve(f"127.0.0.1:{taken.getsockname()[1]}")
