"""Segment's Python SDK, segment-analytics-python."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from segment.analytics.client import Client

from schemas.settings import KafkaSettings
from tests.clients.intake import KEY, published, running_intake
from tests.ports import free_port

ROUNDS = 50
DAY = datetime(2026, 1, 31, tzinfo=UTC)


class Failures(list[str]):
    """What the SDK gave up on."""

    def note(self, error: Exception, batch: list[object]) -> None:
        self.append(f"{error}: {len(batch)} messages")


def send_all(sdk: Client, rounds: int) -> list[str]:
    """Every call of the SDK; the message ids that it made."""
    sent = []
    for number in range(rounds):
        user = f"user-{number}"
        for queued, message in (
            sdk.identify(user, {"email": f"{user}@example.com", "phone": "+14155550123"}, anonymous_id=f"a-{number}"),
            sdk.track(user, "Order Completed", {"total": 27.5, "currency": "USD", "day": DAY}),
            sdk.page(user, "Docs", "Home", {"url": "https://shop.example/"}, timestamp=DAY.replace(year=2012)),
            sdk.screen(user, "Shop", "Home"),
            sdk.group(user, "56", {"name": "Initech"}),
            sdk.alias(f"former-{number}", user),
        ):
            assert queued
            sent.append(message["messageId"])
    return sorted(sent)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"gzip": True, "upload_size": 17}], ids=["plain", "gzip"])
def test_every_message_arrives_once(intake: str, mock_kafka: KafkaSettings, options: dict[str, object]) -> None:
    failures = Failures()
    sdk = Client(KEY, host=intake, on_error=failures.note, **options)
    sent = send_all(sdk, ROUNDS)
    sdk.shutdown()
    found = published(mock_kafka)
    assert found.message_ids == sent
    assert (failures, found.rejected) == ([], [])
    pages = [each for each in found.interactions if each["type"] == "view" and each["channel"] == "web"]
    assert {page["occurred_at"] for page in pages} == {"2012-01-31T00:00:00.000Z"}
    assert all(each["sent_at"] for each in found.interactions)


@pytest.mark.slow
def test_every_message_arrives_once_without_a_queue(intake: str, mock_kafka: KafkaSettings) -> None:
    sent = send_all(Client(KEY, host=intake, sync_mode=True), rounds=3)
    assert published(mock_kafka).message_ids == sent


@pytest.mark.slow
def test_what_is_sent_while_the_intake_is_away_arrives_once(mock_kafka: KafkaSettings, tmp_path: Path) -> None:
    failures = Failures()
    port = free_port()
    sdk = Client(KEY, host=f"http://127.0.0.1:{port}", on_error=failures.note, upload_interval=0.05)
    sent = send_all(sdk, ROUNDS)
    with running_intake(mock_kafka, tmp_path, port):
        sdk.shutdown()
        found = published(mock_kafka)
    assert found.message_ids == sent
    assert failures == []


@pytest.mark.slow
def test_a_wrong_key_is_told_and_not_sent_again(intake: str, mock_kafka: KafkaSettings) -> None:
    failures = Failures()
    sdk = Client("wk_other", host=intake, on_error=failures.note)
    sdk.track("user-1", "Song Played")
    sdk.shutdown()
    assert failures == ["[Segment] key_wrong: no source has this write key (401): 1 messages"]
    assert published(mock_kafka).interactions == []
