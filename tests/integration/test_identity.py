"""Identity in the embedded stack: who somebody is shows soon, and outlives restarts and the loss of the store."""

import shutil
from pathlib import Path

import pytest

from tests.integration.running import Installation, install, kill, running

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(240)]

PROFILES = (
    "SELECT uniqExact(ranges[-1].profile) AS profiles, count() AS subjects FROM identity_map FINAL"
    " WHERE notEmpty(ranges) AND subject IN ('anonymous_id:a1', 'anonymous_id:a2', 'user_id:ada', 'email:ada@x.org')"
)
LATEST = "SELECT max(version) AS version FROM identity_map"


def identified(installation: Installation, anonymous_id: str, message_id: str, **traits: str) -> None:
    message = {"type": "identify", "userId": "ada", "anonymousId": anonymous_id, "messageId": message_id}
    installation.send([message | {"traits": traits}])


def test_a_late_identify_joins_what_came_before_through_restarts_and_a_lost_store(tmp_path: Path) -> None:
    installation = install(tmp_path)
    with running(installation) as up:
        installation.send([{"type": "page", "name": "Home", "anonymousId": "a1", "messageId": "1"}])
        identified(installation, "a1", "2", email="ada@x.org")
        installation.until(PROFILES, {"profiles": 1, "subjects": 3})
        assert kill(up, "resolve")
        identified(installation, "a2", "3")
        installation.until(PROFILES, {"profiles": 1, "subjects": 4})
        [first] = installation.rows(LATEST)
    shutil.rmtree(tmp_path / "data" / "resolve")
    with running(installation):
        installation.send([{"type": "identify", "userId": "bob", "anonymousId": "b1", "messageId": "4"}])
        installation.until("SELECT count() AS n FROM identity_map FINAL WHERE subject = 'anonymous_id:b1'", {"n": 1})
        again = "SELECT count() AS n FROM identity_map FINAL WHERE version > {}"
        installation.until(again.format(first["version"]), {"n": 6})  # what the lost store knew as well
        installation.until(PROFILES, {"profiles": 1, "subjects": 4})
