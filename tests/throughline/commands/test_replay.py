"""`throughline rejected list|replay` over chDB: what is meant, what is asked first, and what a trial tells."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from schemas.fates import Fault, Reason
from schemas.records import Rejected
from tests.sinks.conftest import Store
from tests.sinks.rows import interaction
from tests.throughline.commands.running import Terminal, terminal

pytestmark = pytest.mark.chdb
MESSAGE = {"type": "track", "event": "Asked", "messageId": "m1", "timestamp": "2026-03-01T12:00:01Z"}


def kept(number: int, source: str = "web") -> Rejected:
    return Rejected(
        Fault(Reason.IDENTIFIER_MISSING, "send a userId", "userId"), "intake", "default", source, "segment", "web",
        f"2026-03-01T12:00:0{number}.000Z", orjson.dumps(MESSAGE | {"messageId": f"m{number}"}),
        {":method": "POST", ":path": "/v1/track"},
    )  # fmt: skip


@pytest.fixture
def throughline(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    rows = [one.encode() for one in (kept(1), kept(2), kept(3, "app"))]
    assert store.client.insert_ready("interactions_rejected", b"\n".join(rows), uuid4().hex) is None
    sources = {"THROUGHLINE_SOURCES__WEB__ADAPTER": "segment", "THROUGHLINE_SOURCES__WEB__WRITE_KEY": "wk"}
    return terminal(store, monkeypatch, tmp_path, **sources)


def replay(throughline: Terminal, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    done = throughline("rejected", "replay", "--json", *arguments)
    return done.status, [orjson.loads(line) for line in done.out.splitlines()], done.error


def test_what_is_meant_must_be_said_and_many_confirmed(throughline: Terminal) -> None:
    assert replay(throughline)[0] == 2
    status, _, error = replay(throughline, "--source", "web")
    assert (status, "2 rejected records are meant: say --yes" in error) == (2, True)
    assert replay(throughline, str(uuid4()))[0] == 1
    status, _, error = replay(throughline, str(kept(1).rejected_id), "--patch", "a..b=1")
    assert (status, "is no path" in error) == (2, True)


def test_a_trial_prints_what_would_be_sent_and_the_verdict(throughline: Terminal, store: Store) -> None:
    status, told, error = replay(throughline, "--reason", "identifier_missing", "--patch", "userId=ada", "--dry-run")
    assert [one["verdict"] for one in told] == ["accepted", "accepted", "unsent"], error
    assert (status, "1 of 3 would not be accepted" in error) == (1, True)
    assert "[sources.app]" in str(told[2]["advice"])
    [sent] = told[0]["records"]
    value = orjson.loads(sent["value"])
    assert (sent["topic"], value["replay_of"]) == ("interactions.web", str(kept(1).rejected_id))
    one = interaction(1, event_id=value["event_id"], fingerprint=value["fingerprint"])
    other = interaction(2, event_id=orjson.loads(told[1]["records"][0]["value"])["event_id"])
    assert store.client.insert_ready("interactions", one + b"\n" + other, uuid4().hex) is None
    _, told, _ = replay(throughline, "--source", "web", "--patch", "userId=ada", "--dry-run")
    assert [row["verdict"] for row in told] == ["duplicate", "id_conflict"]


def test_the_limit_takes_the_oldest_and_a_path_that_leads_nowhere_is_named(throughline: Terminal) -> None:
    status, [told], _ = replay(throughline, "--source", "web", "--limit", "1", "--dry-run", "--patch", "traits[0]=1")
    assert (status, told["rejected_id"], told["verdict"]) == (1, str(kept(1).rejected_id), "unsent")
    assert told["advice"] == "traits[0]: traits is null, not a list"


def test_groups_say_how_many_were_replayed(throughline: Terminal, store: Store) -> None:
    done = interaction(7, replay_of=str(kept(3, "app").rejected_id))
    assert store.client.insert_ready("interactions", done, uuid4().hex) is None
    listed = throughline("rejected", "list", "--json")
    assert (listed.row["source"], listed.row["rejected"], listed.row["replayed"]) == ("web", 2, 0)
    everything = [orjson.loads(line) for line in throughline("rejected", "list", "--all", "--json").out.splitlines()]
    assert {row["source"]: row["replayed"] for row in everything} == {"web": 0, "app": 1}
