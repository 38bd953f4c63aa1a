"""What became of an interaction is told by its receipt; what was rejected goes back in, once, and says where it was."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from confluent_kafka import Producer

from schemas.ids import event_id
from schemas.kafka.clients import producer_config
from schemas.settings import load
from sinks.clickhouse.client import ClickHouse, connect
from tests.integration.running import WRITE_KEY, Installation, install, running, standing_still
from tests.throughline.commands.running import Terminal
from tests.waiting import PATIENCE_S, until
from throughline.embedded.broker import reachable
from throughline.gateway import running as gateway
from throughline.gateway.house import FULL

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(600)]

AT = "2026-01-31T12:00:0"
TIMELINE = (
    "SELECT event_id, name, subject, occurred_at, raw_topic_id, raw_partition, raw_offset FROM timeline ORDER BY 1"
)


@dataclass(frozen=True)
class Up:
    """A running installation, asked from within this process: it is many questions."""

    installation: Installation
    client: ClickHouse
    process: subprocess.Popen[bytes]

    def value(self, query: str) -> object:
        [[value]] = self.rows(query)
        return value

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.client.query(query).rows]

    def until(self, query: str, expected: object) -> None:
        """Wait until a query's one value is the expected one."""
        deadline = time.monotonic() + PATIENCE_S
        while (seen := self.value(query)) != expected:
            assert time.monotonic() < deadline, f"{seen!r}, expected {expected!r}: {query}"
            time.sleep(0.1)

    def asked(self, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        done = Terminal(self.installation.environment)("rejected", *arguments, "--json")
        return done.status, [orjson.loads(line) for line in done.out.splitlines()], done.error


@pytest.fixture(scope="module", params=["embedded", "kafka"])
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    bootstrap = "embedded" if request.param == "embedded" else request.getfixturevalue("kafka")
    folder = tmp_path_factory.mktemp("replay")
    installation = install(folder, bootstrap, "" if request.param == "embedded" else "replay.")
    with running(installation) as process, connect(gateway.url(installation.folder / "data", FULL)) as client:
        yield Up(installation, client, process)


def tracked(event: str, message_id: str, second: int, **members: object) -> dict[str, object]:
    said: dict[str, object] = {"type": "track", "userId": "ada", "event": event, "messageId": message_id}
    return said | {"timestamp": f"{AT}{second}Z"} | members


def publish(up: Up, document: dict[str, object]) -> None:
    """Write a raw record as a producer of somebody else would."""
    kafka = reachable(load(up.installation.folder / "throughline.toml", {}).settings)
    producer = Producer(producer_config(kafka, "test"))
    producer.produce(f"{kafka.prefix}interactions.web", orjson.dumps(document), f"default:{document['event_id']}")
    assert producer.flush(30) == 0


def receipt(up: Up, message_id: str) -> dict[str, Any]:
    url = f"{up.installation.http}/v1/receipts/{event_id('default', 'web', message_id)}"
    answer = httpx.get(url, auth=(WRITE_KEY, ""), timeout=30)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()["receipt"]
    return told


@contextmanager
def forbidden(up: Up, name: str) -> Iterator[None]:
    """ClickHouse refuses interactions of a name for the while."""
    up.client.command(f"ALTER TABLE interactions ADD CONSTRAINT none_such CHECK ifNull(name, '') != '{name}'")
    try:
        yield
    finally:
        up.client.command("ALTER TABLE interactions DROP CONSTRAINT none_such")


def replayed(up: Up, reason: str, *more: str) -> tuple[int, list[str]]:
    """All that was rejected for a reason is sent again; the exit status, and each verdict."""
    status, told, _ = up.asked("replay", "--reason", reason, "--yes", *more)
    return status, [str(one["verdict"]) for one in told]


def one(up: Up, where: str) -> str:
    up.until(f"SELECT count() FROM rejected WHERE {where}", 1)
    [(rejected_id,)] = up.rows(f"SELECT rejected_id FROM rejected WHERE {where}")
    return str(rejected_id)


def test_every_stage_gives_back_what_it_rejected(up: Up) -> None:
    nobody = tracked("Asked", "m-1", 1, userId="")
    seen, heard = tracked("Seen", "m-2", 2), tracked("Heard", "m-2", 2)
    refused = tracked("Refused", "m-4", 4, properties={"revenue": 1e12})
    foreign = {
        "schema": 1, "event_id": str(event_id("default", "web", "m-3")), "tenant": "default", "source": "web",
        "adapter": "segment", "channel": "web", "type": "action", "name": "Foreign", "message_id": "m-3", "zzz": 1,
        "occurred_at": f"{AT}3Z", "received_at": f"{AT}3Z", "identifiers": [{"kind": "user_id", "value": "ada"}],
    }  # fmt: skip
    up.client.command("ALTER TABLE interactions MODIFY COLUMN amount Nullable(Decimal(9, 2))")
    up.installation.send([seen, nobody, refused])
    up.installation.send([seen, heard])
    publish(up, foreign)
    intake, process = one(up, "stage = 'intake'"), one(up, "reason = 'schema_invalid' AND stage = 'process'")
    conflict, sink = one(up, "reason = 'id_conflict'"), one(up, "stage = 'sink'")
    up.until("SELECT count() FROM duplicates", 1)  # the same fingerprint
    up.client.command("ALTER TABLE interactions MODIFY COLUMN amount Nullable(Decimal(38, 9))")

    assert [receipt(up, f"m-{n}")["status"] for n in (2, 3, 4)] == ["stored", "rejected", "rejected"]
    assert receipt(up, "m-4")["reason"] == "store_refused"

    patch = {
        intake: ("--patch", "batch[0].userId=ada"),
        process: ("--patch", "del(zzz)"),
        conflict: ("--patch", 'message_id="m-2b"'),
        sink: (),
    }
    for rejected_id, more in patch.items():
        if more:
            status, [told], error = up.asked("replay", rejected_id)
            assert (status, told["verdict"]) == (1, "unsent" if rejected_id == conflict else "rejected"), error
        status, [told], error = up.asked("replay", rejected_id, *more, "--dry-run")
        assert (status, told["verdict"], len(told["records"])) == (0, "accepted", 1), error
    assert up.rows("SELECT name FROM timeline") == [("Seen",)]

    for rejected_id, more in patch.items():
        status, [told], error = up.asked("replay", rejected_id, *more)
        assert (status, told["verdict"]) == (0, "accepted"), error
    links = "SELECT arraySort(groupArray((name, toString(replay_of)))) FROM timeline WHERE replay_of IS NOT NULL"
    found = [("Asked", intake), ("Foreign", process), ("Heard", conflict), ("Refused", sink)]
    up.until(links, found)
    up.until("SELECT countIf(replayed_as = 'stored') FROM rejected", 4)
    told_ids = {str(event) for (event,) in up.rows("SELECT event_id FROM timeline")}
    assert told_ids == {str(event_id("default", "web", f"m-{n}")) for n in ("1", "2", "2b", "3", "4")}

    told = receipt(up, "m-2")
    assert (told["status"], len(told["duplicates"]), told["rejected"][0]["reason"]) == ("stored", 1, "id_conflict")
    assert {receipt(up, f"m-{n}")["profile_id"] for n in (1, 2, 3, 4)} == {told["profile_id"]}

    before = up.rows(TIMELINE)
    for rejected_id, more in patch.items():
        status, [told], error = up.asked("replay", rejected_id, *more)
        assert (status, told["verdict"]) == (0, "accepted"), error
        status, [told], error = up.asked("replay", rejected_id, *more, "--dry-run")
        assert told["verdict"] == ("accepted" if rejected_id == sink else "duplicate"), error
    up.until("SELECT count() FROM duplicates", 5)
    assert up.rows(TIMELINE) == before
    assert up.rows("SELECT count() AS n FROM fates GROUP BY raw_topic_id, raw_partition, raw_offset HAVING n > 1") == []

    status, listed, error = up.asked("list", "--all")
    assert {row["reason"]: row["replayed"] for row in listed if row["stage"] != "intake"} == {
        "schema_invalid": 1, "id_conflict": 1, "store_refused": 1
    }, error  # fmt: skip
    status, listed, error = up.asked("list")
    assert [row["stage"] for row in listed] == ["intake"], error  # the foreign record, rejected again before its patch


def test_a_receipt_tells_what_became_of_an_interaction_from_its_acceptance_on(up: Up) -> None:
    bought, refused = tracked("Bought", "r-1", 1), tracked("No", "r-3", 3)
    large = tracked("Bought", "r-2", 2, properties={"note": "x" * 300_000})
    url = f"{up.installation.http}/v1/receipts/{event_id('default', 'web', 'r-1')}"
    assert httpx.get(url, auth=(WRITE_KEY, ""), timeout=30).status_code == 404
    with standing_still(up.process, "sink"):
        [answer] = up.installation.send([bought])
        assert answer["event_id"] == str(event_id("default", "web", "r-1"))
        assert (receipt(up, "r-1")["status"], receipt(up, "r-1")["of_this_source"]) == ("accepted", True)
    until(lambda: receipt(up, "r-1")["status"] == "stored")
    first = receipt(up, "r-1")
    assert first["duplicates"] == first["rejected"] == []

    up.installation.send([bought])
    until(lambda: receipt(up, "r-1")["duplicates"])
    [copy] = receipt(up, "r-1")["duplicates"]
    assert (receipt(up, "r-1")["status"], copy["duplicate_of"]) == ("stored", first["position"])
    assert copy["position"] != first["position"]

    up.installation.send([large])
    until(lambda: receipt(up, "r-2").get("rejected"))
    told = receipt(up, "r-2")
    assert (told["status"], told["reason"], told["rejected"][0]["stage"]) == (
        "rejected",
        "too_large",
        "intake",
    )

    with forbidden(up, "No"):
        up.installation.send([refused])
        until(lambda: receipt(up, "r-3")["status"] == "rejected")
        assert receipt(up, "r-3")["reason"] == "store_refused"
        up.installation.send([refused])
        until(lambda: receipt(up, "r-3")["status"] == "duplicate")
    told = receipt(up, "r-3")
    place = up.rows(
        f"SELECT raw_topic, raw_topic_id, raw_partition, raw_offset FROM rejected WHERE event_id = '{told['event_id']}'"
    )
    assert [tuple(told["duplicate_of"].values())] == [(row[0], str(row[1]), *row[2:]) for row in place]
    assert (len(told["duplicates"]), len(told["rejected"])) == (1, 1)
    up.asked("replay", told["rejected"][0]["rejected_id"])
    until(lambda: receipt(up, "r-3")["status"] == "stored")


def test_all_of_a_reason_are_replayed_once_however_often_that_is_asked_for(up: Up) -> None:
    fates, timeline = "SELECT count() FROM fates", "SELECT count() FROM timeline"
    ours = "SELECT countIf(startsWith(message_id, 'b-')) FROM"
    up.asked("replay", "--reason", "identifier_missing", "--yes", "--patch", "batch[0].userId=ada")
    up.until("SELECT count() FROM rejected WHERE replayed_as = '' AND reason = 'identifier_missing'", 0)
    before, stored = up.value(fates), up.value(timeline)
    assert isinstance(before, int)
    assert isinstance(stored, int)

    up.installation.send([tracked("Lost", f"b-{number}", number, userId="") for number in range(5)])
    up.until(f"{ours} rejected", 5)
    for _ in range(2):
        assert replayed(up, "identifier_missing") == (1, ["rejected"] * 5)
    assert (up.value(f"{ours} rejected"), up.value(fates), up.value(timeline)) == (5, before, stored)

    patch = ("--patch", "batch[0].userId=ada")
    assert replayed(up, "identifier_missing", *patch) == (0, ["accepted"] * 5)
    up.until(timeline, stored + 5)
    up.until("SELECT countIf(replayed_as = 'stored' AND startsWith(message_id, 'b-')) FROM rejected", 5)
    assert replayed(up, "identifier_missing", *patch) == (0, [])
    _, every = replayed(up, "identifier_missing", *patch, "--all")
    assert set(every) == {"accepted"}
    up.until(fates, before + 5 + len(every))
    assert (up.value(f"{ours} duplicates"), up.value(timeline)) == (5, stored + 5)

    with forbidden(up, "Refused too"):
        up.installation.send([tracked("Refused too", f"b-1{number}", number) for number in range(3)])
        up.until("SELECT count() FROM rejected WHERE reason = 'store_refused' AND startsWith(message_id, 'b-')", 3)
    assert replayed(up, "store_refused") == (0, ["accepted"] * 3)
    up.until(timeline, stored + 8)
    up.until("SELECT count() FROM rejected WHERE reason = 'store_refused' AND replayed_as = ''", 0)
    assert replayed(up, "store_refused") == (0, [])
    assert up.value(f"{ours} duplicates") == 5
    assert up.installation.audit()[0] == 0
