"""Operators' commands on a running installation: said, in force, explained, taken back."""

import subprocess
import sys

import orjson
import pytest

from tests.integration.running import Installation, install, running

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(240)]
WHY = ("--reason", "she phoned", "--json")


def asked(installation: Installation, *arguments: str) -> tuple[int, dict[str, object], str]:
    """A command's exit status, the object that it printed, and what it said beside."""
    done = subprocess.run(
        [sys.executable, "-m", "throughline", *arguments],
        env=installation.environment, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    rows = [orjson.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, rows[0] if rows else {}, done.stderr


def test_a_customer_is_tied_explained_split_and_given_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    installation = install(tmp_path_factory.mktemp("identity"))
    at = "2026-01-31T12:00:0"
    with running(installation):
        installation.send(
            [
                {"type": "track", "anonymousId": "visit", "event": "Seen", "messageId": "1", "timestamp": f"{at}1Z"},
                {"type": "identify", "userId": "ada", "anonymousId": "visit", "messageId": "2", "timestamp": f"{at}2Z",
                 "traits": {"email": "ada@example.com"}},
                {"type": "track", "userId": "bob", "event": "Bought", "messageId": "3", "timestamp": f"{at}3Z"},
            ]
        )  # fmt: skip
        installation.until("SELECT count() AS n FROM identity_map FINAL WHERE notEmpty(ranges)", {"n": 3})
        status, told, error = asked(installation, "explain", "anonymous_id:visit", "email:ada@example.com", "--json")
        assert (status, told["one"]) == (0, True), error

        tied = ("identity", "tie", "user_id:ada", "user_id:bob")
        status, _, error = asked(installation, *tied, *WHY)
        assert (status, "unique:user_id" in error) == (1, True), error
        status, plan, error = asked(installation, *tied, "--force", "--dry-run", *WHY)
        assert (status, plan["interactions_moved"]) == (0, 1), error
        status, said, error = asked(installation, *tied, "--force", *WHY)
        assert (status, said["in_force"], said["after"]) == (0, True, plan["after"]), error
        status, _, error = asked(installation, "explain", "anonymous_id:visit", "user_id:bob", "--json")
        assert status == 0, error

        back = ("identity", "retract", str(said["command_id"]))
        status, undone, error = asked(installation, *back, *WHY)
        assert (status, undone["in_force"], undone["after"]) == (0, True, plan["before"]), error
        status, _, error = asked(installation, "explain", "anonymous_id:visit", "user_id:bob", "--json")
        assert status == 1, error

        (installation.folder / "rules.toml").write_text("[identity.kinds.anonymous_id]\nlimit = 1\ncap = 1\n")
        rules = ("--rules", str(installation.folder / "rules.toml"))
        status, _, error = asked(installation, "identity", "apply", *rules)
        assert (status, "identity.kinds.anonymous_id.cap" in error) == (2, True), error
        (installation.folder / "rules.toml").write_text("[identity]\ncap = 2\n")
        status, plan, error = asked(installation, "identity", "simulate", *rules, "--json")
        assert (status, plan["split"]) == (0, 1), error
        status, told, error = asked(installation, "identity", "apply", *rules, "--json")
        assert (status, told["in_force"]) == (0, True), error
        status, told, error = asked(installation, "explain", "anonymous_id:visit", "email:ada@example.com", "--json")
        assert (status, told["against"][0]["rule"]) == (1, "cap"), error  # type: ignore[index]  # a list in plain data
        [row] = installation.rows("SELECT uniq(ranges[1].profile) AS n FROM identity_map FINAL WHERE notEmpty(ranges)")
        assert row["n"] == 1
