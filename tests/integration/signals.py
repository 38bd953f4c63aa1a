"""A whole stack at the most talkative level, with a Prometheus that watches it, and deliveries that carry marks."""

import json
import re
import smtplib
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen
from time import time
from typing import Any

import httpx
import yaml
from confluent_kafka import Producer

from deploy.kafka.local import LocalKafka
from schemas.kafka.clients import producer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from tests.deploy.prometheus.rules import hastened
from tests.deploy.prometheus.scraping import Prometheus, scraping, targets_of_up
from tests.integration.running import Installation, running
from tests.ports import free_ports
from throughline.demo.deliver import recorded, send
from throughline.demo.sources import Doors, configure
from throughline.failures import Failed

MARK = "mk7q"
MARKS = (MARK, "15550100", "anon-5f1c", "6254361511111111", "lovelace", "where is my order")  # all of them personal
PREFIX = "signals."
PARTS = 5
HASTE = 75


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs."""

    installation: Installation
    up: Popen[bytes]
    doors: Doors
    broker: LocalKafka
    prometheus: Prometheus
    targets: dict[str, str]

    def metrics(self, part: str) -> str:
        """What a part serves."""
        return self.prometheus.client.get(f"http://{self.targets[part]}/metrics", timeout=30).raise_for_status().text

    def firing(self) -> set[tuple[str, str]]:
        """The alerts that fire, each with its part or source."""
        found = self.prometheus.query('ALERTS{alertstate="firing"}')
        return {(at["alertname"], at.get("part") or at.get("source") or "") for at, _ in found}

    @property
    def log(self) -> str:
        """What all parts have logged."""
        return (self.installation.folder / "up.log").read_text()

    def batch(self, *messages: Mapping[str, object]) -> None:
        """Send to the web source."""
        answer = httpx.post(
            f"{self.doors.http}/v1/batch", json={"batch": messages}, auth=(self.doors.write_key, ""), timeout=30
        )
        answer.raise_for_status()


@contextmanager
def watched(folder: Path, broker: LocalKafka) -> Iterator[Stack]:
    """The demo's sources over real Kafka, and Prometheus with our rules, hastened."""
    file, doors = configure(folder)
    first = free_ports(PARTS)
    kafka = f'\n[kafka]\nbootstrap = "{broker.bootstrap}"\nprefix = "{PREFIX}"\n'
    told = re.sub(r'(\[metrics\]\nlisten = "127.0.0.1:)\d+', rf"\g<1>{first}", file.read_text())
    file.write_text(told + kafka)
    rules = folder / "rules.yml"
    rules.write_text(yaml.safe_dump(hastened(HASTE)))
    targets = targets_of_up(first)
    installation = Installation(folder, doors.http)
    with (
        running(installation, "--log-level", "debug") as up,
        scraping(folder / "prometheus", targets, [rules]) as prometheus,
    ):
        yield Stack(installation, up, doors, broker, prometheus, targets)


def deliver(stack: Stack) -> None:
    """The demo's deliveries, each sent twice, with marked names."""
    for delivery in recorded(time()):
        content: dict[str, Any] = json.loads(
            re.sub("(?i)ada", lambda name: MARK + name[0], json.dumps(delivery.content))
        )
        for _ in range(2):
            send(replace(delivery, content=content), stack.doors)


def deliver_what_is_wrong(stack: Stack) -> None:
    """Marked deliveries and records that fail, one at each place where something can."""
    http, key = stack.doors.http, (stack.doors.write_key, "")
    bad = {"type": "track", "userId": MARK, "event": MARK, "messageId": f"{MARK}-1", "timestamp": MARK}
    stack.batch(bad, {"type": "track", "event": MARK, "messageId": f"{MARK}-2"}, {"type": MARK})
    said = {"type": "track", "userId": MARK, "event": "E", "messageId": f"{MARK}-3"}
    stack.batch(said, said, {**said, "event": MARK})  # a copy, and a conflict
    body = json.dumps({"userId": MARK}).encode()
    for content, headers in ((MARK.encode(), {}), (body, {"content-encoding": "gzip"}), (b"[" * 9000 + body, {})):
        httpx.post(f"{http}/v1/track", content=content, auth=key, headers=headers, timeout=30)
    httpx.post(f"{http}/v1/track", content=body, auth=(MARK, ""), timeout=30)
    httpx.post(f"{http}/sources/{MARK}?who={MARK}", content=body, timeout=30)
    httpx.post(f"{http}/{MARK}", content=body, timeout=30)
    for source in ("social", "calls", "mailings"):
        httpx.post(f"{http}/sources/{source}?who={MARK}", content=body, timeout=30)
    host, _, port = stack.doors.smtp.rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=30) as server, suppress(smtplib.SMTPException):
        server.sendmail(f"{MARK}@example.com", f"{MARK}@elsewhere.example", f"Subject: {MARK}\n\n{MARK}")
    _records(stack.broker)


def _records(broker: LocalKafka) -> None:
    """What strangers may write to Kafka: each part must say that it cannot use it, without quoting it."""
    topics = Topics(PREFIX)
    producer = Producer(producer_config(KafkaSettings(bootstrap=broker.bootstrap), "test"))
    for topic, value in (
        (topics.interactions("web"), f'{{"{MARK}": "{MARK}'),
        (topics.interactions("web"), f'{{"schema": 1, "event_id": "{MARK}", "tenant": "{MARK}"}}'),
        (topics.evidence, f'{{"tenant":"{MARK}","fact":"{MARK}"}}'),
        (topics.evidence, MARK),
        (topics.timeline, f'{{"subject":"user_id:{MARK}","event_id":"{MARK}","tenant":"default"}}'),
        (topics.timeline, MARK),
    ):
        producer.produce(topic, value.encode(), MARK)
    assert not producer.flush(30)


def forge(stack: Stack, count: int) -> None:
    """Deliveries whose signature is wrong."""
    forged = replace(stack.doors, app_secret=f"not the secret of {MARK}")
    [delivery, *_] = [one for one in recorded(time()) if one.adapter == "meta"]
    for _ in range(count):
        with suppress(Failed, urllib.error.URLError):
            send(delivery, forged)
