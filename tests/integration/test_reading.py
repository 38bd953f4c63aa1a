"""The commands that read, on a store that nobody has open."""

import orjson
import pytest

from schemas.ids import profile_id
from tests.integration.running import Installation, install, running

FIELDS = (
    "message_id", "name", "direction", "conversation", "agent", "text", "amount", "currency", "score",
    "duration_s", "sent_at",
)  # fmt: skip
pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = install(tmp_path_factory.mktemp("reading"))
    at = "2026-01-31T12:00:0"
    with running(installation):
        installation.send(
            [
                {"type": "track", "userId": "ada", "event": "Seen", "messageId": "1", "timestamp": f"{at}1Z"},
                {"type": "identify", "userId": "ada", "messageId": "2", "timestamp": f"{at}2Z",
                 "traits": {"email": "Ada@example.com", "plan": "a", "name": "Ada"}},
                {"type": "identify", "userId": "ada", "messageId": "3", "timestamp": f"{at}3Z",
                 "traits": {"plan": "b"}},
                {"type": "screen", "userId": "bob", "name": "Home", "messageId": "4", "timestamp": f"{at}4Z"},
                {"type": "track", "userId": "ada", "messageId": "5"},
            ]
        )  # fmt: skip
        installation.until("SELECT count() AS n FROM timeline", {"n": 4})
        installation.until("SELECT count() AS n FROM rejected", {"n": 1})
        known = "subject = 'email:ada@example.com'"  # it has a second version where the rules came after it
        installation.until(f"SELECT count() AS n FROM identity_map FINAL WHERE {known}", {"n": 1})
        traits = "JSONExtractString(traits, 'plan', 'value')"
        installation.until(f"SELECT count() AS n FROM profiles FINAL WHERE {traits} = 'b'", {"n": 1})
    return installation


def lines(text: str) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["user_id:ada"], ["Seen", "identify", "identify"]),
        (["email:ADA@example.com"], ["Seen", "identify", "identify"]),
        (["user_id:ada", "user_id:bob"], ["Seen", "identify", "identify", "Home"]),
        (["user_id:ada", "--since", "2026-01-31T12:00:03Z"], ["identify"]),
        (["user_id:ada", "--until", "2026-01-31T12:00:02Z"], ["Seen"]),
        (["user_id:ada", "user_id:bob", "--channel", "mobile"], ["Home"]),
        (["user_id:ada", "--type", "action"], ["Seen"]),
        (["user_id:ada", "--limit", "1"], ["identify"]),
        (["user_id:ada", "--tenant", "other"], []),
    ],
)
def test_a_timeline_is_oldest_first_and_filtered(store: Installation, arguments: list[str], names: list[str]) -> None:
    assert [row["name"] for row in lines(store.run("timeline", "--json", *arguments))] == names


def test_a_profile_id_will_do_as_well(store: Installation) -> None:
    [row] = store.rows("SELECT DISTINCT toString(profile_id) AS id FROM timeline WHERE subject = 'user_id:ada'")
    assert row["id"] == str(profile_id("default", "user_id:ada"))
    assert len(lines(store.run("timeline", "--json", str(row["id"])))) == 3


def test_a_customer_has_the_latest_of_each_trait(store: Installation) -> None:
    [customer] = [orjson.loads(line) for line in store.run("customer", "--json", "email:ada@example.com").splitlines()]
    traits = {name: trait["value"] for name, trait in customer["traits"].items()}
    assert traits == {"email": "Ada@example.com", "plan": "b", "name": "Ada"}
    assert [one["identifier"] for one in customer["identifiers"]] == ["email:ada@example.com", "user_id:ada"]
    assert (customer["channels"], customer["interactions"]) == (["web"], 3)


def test_rejected_are_grouped_and_shown_whole(store: Installation) -> None:
    [group] = lines(store.run("rejected", "list", "--json"))
    assert (group["source"], group["stage"], group["rejected"]) == ("web", "intake", 1)
    [whole] = lines(store.run("rejected", "show", "--json", str(group["example"])))
    [item] = orjson.loads(str(whole["body"]))["batch"]
    assert item["messageId"] == "5"
    assert whole["path"] == group["example_path"]


def test_quality_is_told_by_source_and_field(store: Installation) -> None:
    [row] = lines(store.run("quality", "--json"))
    assert (row["source"], row["interactions"], row["rejected"], row["with_strong_identifier"]) == ("web", 4, 1, 1.0)
    assert row["fields"] == dict.fromkeys(FIELDS, 0.0) | {"message_id": 1.0, "name": 1.0}
    assert row["rejected_by_reason"] == {"schema_invalid": 1}
    assert lines(store.run("quality", "--json", "nobody")) == []
    assert lines(store.run("quality", "--json", "--tenant", "other", "--since", "2026-01-01")) == []
    assert "with_identifier" in store.run("quality", "web", "--since", "2026-01-01")
