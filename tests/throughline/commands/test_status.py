"""What is known is told, whatever else does not answer."""

import socket
import time
from pathlib import Path

import orjson
import pytest

from tests.ports import free_port
from tests.throughline.commands.running import Terminal


def test_a_clickhouse_that_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughline.commands.status.ANSWER_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        file = tmp_path / "throughline.toml"
        file.write_text(
            f'clickhouse.url = "http://u:secret@127.0.0.1:{port}/db"\nmetrics.listen = "127.0.0.1:{free_port()}"\n'
        )
        began = time.monotonic()
        done = Terminal()("status", "--json", "--config", str(file))
        assert time.monotonic() - began < 60
    rows = [orjson.loads(line) for line in done.out.splitlines()]
    assert {row["part"]: row["state"] for row in rows if "part" in row} == dict.fromkeys(
        ("serve", "process", "resolve", "sink"), "down"
    )
    assert [row["wrong"] for row in rows if row.get("alert") == "ClickHouseNotAnswering"] == [
        f"clickhouse at 127.0.0.1:{port}: ReadTimeoutError; is it running? clickhouse.url says where it is"
    ]
    assert "secret" not in done.out
    assert done.status == 1
