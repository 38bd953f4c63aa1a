"""Logs are JSON lines; libraries neither quote what was asked nor repeat themselves."""

import logging

import orjson
import pytest

from schemas.telemetry import Seldom, configure_logging, logger


def test_clients_do_not_tell_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", console=False)
    logging.getLogger("urllib3.connectionpool").warning("Retrying: /?param_who=ada@example.com")
    logging.getLogger("another").warning("told")
    assert [orjson.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["told"]


def test_logs_are_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", console=False)
    logger().info("run_finished", records=3)
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
