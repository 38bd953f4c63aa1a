"""A running `throughline serve` over the embedded broker."""

import asyncio
import gzip
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.check import Checked, check
from schemas.kafka.clients import consumer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.producers.serving import KEY, Served, serving
from tests.waiting import until

pytestmark = pytest.mark.slow

TRACK = {"type": "track", "userId": "u1", "event": "E"}
MAIL = {
    "THROUGHLINE_SOURCES__MAIL__ADAPTER": "smtp",
    "THROUGHLINE_SOURCES__MAIL__RECIPIENTS": '["help@shop.example"]',
}


@pytest.fixture
def served(mock_kafka: KafkaSettings, tmp_path: Path) -> Iterator[Served]:
    with serving(mock_kafka, tmp_path, MAIL) as running:
        yield running


def stored(kafka: KafkaSettings, topic: str, count: int) -> list[bytes]:
    consumer = Consumer(consumer_config(kafka, "test", "test"))
    consumer.assign([TopicPartition(topic, number, 0) for number in range(kafka.partitions)])
    found: list[bytes] = []
    while len(found) < count and (batch := consumer.consume(count - len(found), 10)):
        found += [message.value() or b"" for message in batch if message.error() is None]
    consumer.close()
    return found


def test_web_and_mail_come_through_their_doors(served: Served, mock_kafka: KafkaSettings) -> None:
    body = gzip.compress(orjson.dumps({"batch": [TRACK | {"messageId": f"m{at}"} for at in range(10)] + ["bad"]}))
    answer = httpx.post(f"{served.url}/v1/batch", content=body, headers={"content-encoding": "gzip"}, auth=(KEY, ""))
    assert answer.status_code == 200
    assert [receipt["status"] for receipt in answer.json()["receipts"]] == ["accepted"] * 10 + ["rejected"]
    with smtplib.SMTP("127.0.0.1", served.smtp_port, timeout=10) as client:
        client.sendmail("ada@example.com", ["help@shop.example"], "From: ada@example.com\r\nSubject: x\r\n\r\nHello")

    checked = [check(value) for value in stored(mock_kafka, Topics().interactions("web"), 10)]
    assert {one.message_id for one in checked if isinstance(one, Checked)} == {f"m{at}" for at in range(10)}
    (mail,) = stored(mock_kafka, Topics().interactions("email"), 1)
    assert b"Hello" in mail
    (kept,) = stored(mock_kafka, Topics().rejected, 1)
    assert orjson.loads(kept)["stage"] == "intake"

    assert served.metric('throughline_interactions_accepted_total{channel="web",source="web"}') == 10
    assert served.metric('throughline_interactions_accepted_total{channel="email",source="mail"}') == 1
    assert served.metric("throughline_publish_seconds_count") == 2
    assert served.stop() == 0
    assert "ada@" not in served.log.read_text()


async def test_a_thousand_requests_at_once(served: Served) -> None:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=served.url, timeout=60, limits=limits, auth=(KEY, "")) as http:
        answers = await asyncio.gather(*(http.post("/v1/track", json=TRACK | {"n": at}) for at in range(1000)))
        bomb = gzip.compress(bytes(40 << 20))
        bombs = await asyncio.gather(
            *(http.post("/v1/batch", content=bomb, headers={"content-encoding": "gzip"}) for _ in range(20))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.status_code for answer in bombs} == {413}
    assert served.peak_memory_kb() < 500_000
    assert served.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_drains_and_ends_with_0(served: Served, number: signal.Signals) -> None:
    with httpx.Client(base_url=served.url, auth=(KEY, "")) as http:  # keeps its connection open
        assert http.post("/v1/track", json=TRACK).status_code == 200
        assert served.stop(number) == 0
    assert "draining_ended" in served.log.read_text()


def test_readiness_goes_first_and_what_has_begun_is_answered(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    with serving(mock_kafka, tmp_path, {"THROUGHLINE_HTTP__NOTICE": "4s"}) as served:
        host, _, port = served.url.removeprefix("http://").partition(":")
        body = orjson.dumps(TRACK | {"writeKey": KEY})
        with socket.create_connection((host, int(port)), timeout=30) as begun:
            head = f"POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            begun.sendall(head.encode() + body[:10])
            served.process.send_signal(signal.SIGTERM)
            until(lambda: httpx.get(f"{served.url}/readyz").status_code == 503)
            answer = httpx.post(f"{served.url}/v1/track", json=TRACK, auth=(KEY, ""))  # nobody is refused yet
            assert (answer.status_code, answer.headers["connection"]) == (200, "close")
            begun.sendall(body[10:])
            assert begun.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert served.process.wait(30) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{served.url}/readyz")


def test_a_taken_address_is_a_fault_of_the_configuration(served: Served, tmp_path: Path) -> None:
    taken = {"THROUGHLINE_HTTP__LISTEN": served.url.removeprefix("http://")}
    folder = tmp_path / "second"
    folder.mkdir()
    with serving(KafkaSettings(bootstrap="127.0.0.1:1"), folder, taken, wait=False) as second:
        assert second.process.wait(30) == 2
        assert "http.listen = 127.0.0.1:" in second.log.read_text()
        assert "already in use" in second.log.read_text()


def test_an_address_can_be_shared_by_two(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    shared = MAIL | {"THROUGHLINE_HTTP__SHARED": "true", "THROUGHLINE_SMTP__SHARED": "true"}
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with serving(mock_kafka, folders[0], shared) as one:
        same = {
            "THROUGHLINE_HTTP__LISTEN": one.url.removeprefix("http://"),
            "THROUGHLINE_SMTP__LISTEN": f"127.0.0.1:{one.smtp_port}",
        }
        with serving(mock_kafka, folders[1], shared | same, wait=False) as other:
            until(lambda: "intake_started" in other.log.read_text())
            assert one.stop() == 0
            assert httpx.post(f"{one.url}/v1/track", json=TRACK, auth=(KEY, "")).status_code == 200
            with smtplib.SMTP("127.0.0.1", one.smtp_port, timeout=10) as client:
                assert client.noop()[0] == 250


def test_a_source_without_its_secret_stops_the_start(tmp_path: Path) -> None:
    config = tmp_path / "throughline.toml"
    config.write_text('[sources.web]\nadapter = "segment"\n')
    ended = subprocess.run(
        [sys.executable, "-m", "throughline", "serve", "--config", str(config)],
        env={"THROUGHLINE_KAFKA__BOOTSTRAP": "127.0.0.1:1", "THROUGHLINE_METRICS__LISTEN": "127.0.0.1:0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 2
    assert "sources.web.write_key" in ended.stderr
    assert "THROUGHLINE_SOURCES__WEB__WRITE_KEY" in ended.stderr


def test_with_too_little_room_on_the_disk_it_says_so_and_accepts_nothing(
    mock_kafka: KafkaSettings, tmp_path: Path
) -> None:
    with serving(mock_kafka, tmp_path, {"THROUGHLINE_LIMITS__FREE_DISK": "1EB"}, wait=False) as served:
        until(lambda: "limits.free_disk" in text_of(f"{served.url}/readyz"))
        answer = httpx.post(f"{served.url}/v1/track", json=TRACK, auth=(KEY, ""))
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert "limits.free_disk" in answer.json()["message"]
        assert answer.headers["retry-after"]


def text_of(url: str) -> str:
    try:
        return httpx.get(url).text
    except httpx.TransportError:  # it does not listen yet
        return ""
