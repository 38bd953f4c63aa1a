"""Whatever a part says while Kafka is away is a line of JSON: librdkafka's own words as well."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from schemas.settings import KafkaSettings
from tests.ports import free_port
from tests.sinks.conftest import Store
from tests.throughline.conftest import clickhouse_url, empty_store, store
from throughline.embedded.broker import embedded_broker

__all__ = ["clickhouse_url", "empty_store", "store"]

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(300)]
PATIENCE_S = 120.0


@pytest.mark.parametrize(
    ("part", "begun"),
    [("serve", b"intake_started"), ("process", b"worker_started"), ("sink", b"partitions_assigned")],
)
def test_no_line_is_anything_but_json_while_kafka_is_away(
    part: str, begun: bytes, store: Store, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out, embedded_broker(KafkaSettings()) as kafka:
        process = subprocess.Popen(
            [sys.executable, "-m", "throughline", part], stderr=out, env=environment(kafka, store, tmp_path)
        )
        try:
            until(lambda: begun in log.read_bytes(), log)
        except BaseException:
            process.kill()
            raise
    try:
        until(lambda: b"Connection refused" in log.read_bytes() or b"Disconnected" in log.read_bytes(), log)
    finally:
        process.kill()
        process.wait()
    lines = log.read_bytes().splitlines()
    assert [line for line in lines if not line.startswith(b"{")] == []
    assert all(isinstance(orjson.loads(line), dict) for line in lines)


def environment(kafka: KafkaSettings, store: Store, folder: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
    ours = {
        "DATA_DIR": str(folder / "data"),
        "KAFKA__BOOTSTRAP": kafka.bootstrap,
        "KAFKA__EMBEDDED_RUN": str(kafka.embedded_run),
        "CLICKHOUSE__URL": store.url,
        "HTTP__LISTEN": f"127.0.0.1:{free_port()}",
        "METRICS__LISTEN": f"127.0.0.1:{free_port()}",
        "SOURCES__WEB__ADAPTER": "segment",
        "SOURCES__WEB__WRITE_KEY": "key",
    }
    return clean | {f"THROUGHLINE_{name}": value for name, value in ours.items()}


def until(seen: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.05)
