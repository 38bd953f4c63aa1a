"""Metrics are those that dashboards rely on, with unit, help and bounded labels; logs are JSON lines."""

import logging

import httpx
import orjson
import pytest
import structlog

from schemas.telemetry import Metrics, Seldom, configure_logging, logger
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


def test_clients_do_not_tell_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", console=False)
    try:
        logging.getLogger("urllib3.connectionpool").warning("Retrying: /?param_who=ada@example.com")
        logging.getLogger("another").warning("told")
    finally:
        structlog.reset_defaults()
    assert [orjson.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["told"]


def test_logs_are_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", console=False)
    try:
        logger().info("run_finished", records=3)
    finally:
        structlog.reset_defaults()
    line = orjson.loads(capsys.readouterr().err)
    assert (line["event"], line["records"], line["level"], line["part"]) == ("run_finished", 3, "info", "test")


def test_a_message_of_one_kind_is_said_seldom() -> None:
    seldom = Seldom(10)

    def passes(text: str, at: float) -> bool:
        record = logging.LogRecord("librdkafka", logging.WARNING, "", 0, text, None, None)
        record.created = at
        return seldom.filter(record)

    away = "FAIL [client-1] [thrd:broker]: refused (after {}ms in state CONNECT)"
    assert [passes(away.format(at), at) for at in (100, 101, 109.9, 110.1, 111)] == [True, False, False, True, False]
    assert passes("FAIL [client-2] [thrd:broker]: refused", 101)
