"""The worked stories through the real HTTP door, forwards and backwards: the same customers come out."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx
import orjson
import pytest
from standardwebhooks import Webhook

from tests.integration.running import Installation, install, running
from tests.integration.stories import STORIES, Story, Told, at

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(400)]

ORDERS = ("forwards", "backwards")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE_S = 30.0
WHOSE = "SELECT tenant, message_id, toString(profile_id) AS profile FROM timeline"


def _tenant(story: Story, order: str) -> str:
    return f"{story.name}_{order}"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = install(tmp_path_factory.mktemp("stories"))
    with (installation.folder / "throughline.toml").open("a") as file:
        for tenant in (_tenant(story, order) for story in STORIES for order in ORDERS):
            file.write(f'[sources.web_{tenant}]\nadapter = "segment"\ntenant = "{tenant}"\nwrite_key = "{tenant}"\n')
            file.write(
                f'[sources.hook_{tenant}]\nadapter = "webhook"\ntenant = "{tenant}"\nchannel = "store"\n'
                f'secret = "{SECRET}"\n'
            )
    with running(installation):
        with httpx.Client(base_url=installation.http, timeout=30) as client:
            for story in STORIES:
                for order in ORDERS:
                    for message in story.told if order == "forwards" else reversed(story.told):
                        _send(client, _tenant(story, order), message)
        installation.until("SELECT count() AS n FROM timeline", {"n": sum(len(s.told) for s in STORIES) * len(ORDERS)})
        for story in STORIES:
            for command in story.commands:
                for order in ORDERS:
                    installation.run(
                        "identity", *command, "--tenant", _tenant(story, order), "--reason", "a story", "--author", "op"
                    )
        yield installation


def _send(client: httpx.Client, tenant: str, told: Told) -> None:
    """By Segment's API where it can say it; else by a signed webhook."""
    if told.alias_of is not None:
        body = {"previousId": told.alias_of, "userId": told.identifiers["user_id"]}
        _segment(client, tenant, "alias", told, body)
    elif {"user_id", "anonymous_id"} & told.identifiers.keys() and "instagram_id" not in told.identifiers:
        names = {"user_id": "userId", "anonymous_id": "anonymousId"}
        ids = {names[kind]: value for kind, value in told.identifiers.items() if kind in names}
        traits = {kind: value for kind, value in told.identifiers.items() if kind not in names}
        _segment(client, tenant, "identify", told, {**ids, "traits": traits})
    else:
        document = {"type": "message", "message_id": told.message, "occurred_at": at(told.minute), **told.identifiers}
        body_text = orjson.dumps(document).decode()
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": told.message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(told.message, now, body_text),
        }
        answer = client.post(f"/sources/hook_{tenant}", content=body_text, headers=headers)
        assert answer.status_code == 200, answer.text


def _segment(client: httpx.Client, tenant: str, call: str, told: Told, said: Mapping[str, object]) -> None:
    body = {**said, "messageId": told.message, "timestamp": at(told.minute)}
    answer = client.post(f"/v1/{call}", json=body, auth=(tenant, ""))
    assert answer.status_code == 200, answer.text


def _expected(story: Story) -> set[frozenset[str]]:
    return {frozenset(messages) for messages in story.customers.values()}


def _found(installation: Installation, tenants: list[str]) -> dict[str, dict[str, set[str]]]:
    """Of each tenant, the messages of each profile."""
    found: dict[str, dict[str, set[str]]] = {tenant: defaultdict(set) for tenant in tenants}
    for row in installation.rows(WHOSE):
        if row["tenant"] in found:
            found[str(row["tenant"])][str(row["profile"])].add(str(row["message_id"]))
    return found


def _is_as_told(story: Story, profiles: dict[str, set[str]]) -> bool:
    """Each customer's messages are one profile's and no one else's; what is nobody's is with no customer."""
    groups = {frozenset(messages) for messages in profiles.values()}
    customers = _expected(story)
    return customers <= groups and {message for group in groups - customers for message in group} == set(story.nobody)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_gives_its_customers_in_both_orders(told: Installation, story: Story) -> None:
    tenants = [_tenant(story, order) for order in ORDERS]
    deadline = time.monotonic() + PATIENCE_S
    found = _found(told, tenants)
    while not all(_is_as_told(story, found[tenant]) for tenant in tenants) and time.monotonic() < deadline:
        time.sleep(0.3)
        found = _found(told, tenants)
    for tenant in tenants:
        assert _is_as_told(story, found[tenant]), found[tenant]


def test_stories_have_names_and_texts_of_their_own() -> None:
    assert len({story.name for story in STORIES}) == len({story.about for story in STORIES}) == len(STORIES)
