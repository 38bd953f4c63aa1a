"""Segment's Node SDK, @segment/analytics-node."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from schemas.settings import KafkaSettings
from tests.clients.intake import KEY, published

ROUNDS = 25
SCRIPT = Path(__file__).with_name("node_sdk.mjs")


@pytest.mark.slow
def test_every_message_of_the_node_sdk_arrives_once(intake: str, mock_kafka: KafkaSettings, node_modules: Path) -> None:
    done = subprocess.run(
        ["node", str(SCRIPT), intake, KEY, str(ROUNDS)], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["failures"] == []
    assert len(told["sent"]) == 6 * ROUNDS
    found = published(mock_kafka)
    assert found.message_ids == sorted(told["sent"])
    assert found.rejected == []
    kinds = Counter((each["type"], each["channel"], each["name"]) for each in found.interactions)
    assert kinds == {
        ("identity", "web", "identify"): ROUNDS,
        ("order", "web", "Order Completed"): ROUNDS,
        ("view", "web", "Home"): ROUNDS,
        ("view", "mobile", "Home"): ROUNDS,
        ("identity", "web", "group"): ROUNDS,
        ("identity", "web", "alias"): ROUNDS,
    }
    assert all(each["sent_at"] >= each["occurred_at"] for each in found.interactions)
