"""Operators' commands at the command line: what they print, publish, wait for, and refuse."""

from pathlib import Path
from uuid import UUID

import pytest

from schemas.evidence import shard_of
from schemas.ids import profile_id
from schemas.settings import KafkaSettings
from tests.sinks.conftest import Store
from tests.stream_processors.core.identity_worlds import TENANT, at, command, keep_apart, link, name, retract, tie
from tests.throughline.commands.running import Run, terminal
from tests.throughline.identity.resolver import resolving
from tests.throughline.identity.stored import happen, keep, put_map

pytestmark = pytest.mark.chdb
WHY = ("--reason", "she phoned")
APART = keep_apart(["E4"], ["P4"], 5)
GONE = tie("E1", "S1", 5)
FACTS = [
    link("U1", "E1", 1), link("U1", "P1", 2), link("U2", "E2", 3), link("U4", "E4", 1), APART, tie("E5", "P5", 1),
    command("block", 5, ["S5"]), command("handover", 5, ["P1"]), link("E5", "S5", 1), GONE, retract(GONE, 6),
]  # fmt: skip
E1, E2, E4, E5, P1, P4, P5, S5, U1, U2, U9 = map(
    name, ("E1", "E2", "E4", "E5", "P1", "P4", "P5", "S5", "U1", "U2", "U9")
)


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    keep(store, FACTS)
    put_map(store.client, FACTS)
    happen(store, P4, [at(1)])
    happen(store, E2, [at(t) for t in (3, 4)])
    return terminal(store, monkeypatch, tmp_path)


def counted(store: Store) -> object:
    return store.one("SELECT count() FROM identity_evidence FINAL")


def test_whatever_stands_against_a_command_is_named_and_nothing_changes(store: Store, run: Run) -> None:
    wrong = (
        (("tie", E1, "email:nobody"), 1, "nothing is known of email:nobody in tenant default"),
        (("tie", E1, E2, "--tenant", "other"), 1, "nothing is known of email:1, email:2 in tenant other"),
        (("tie", E1, str(profile_id(TENANT, U9))), 1, "nothing is known of profile"),
        (("tie", E1, E1), 1, "email:1 twice"),
        (("tie", U1, U2), 1, "unique:user_id: user_id:1 and user_id:2 are two customers"),
        (("tie", E1, E2), 1, "link of user_id:2 and email:2"),
        (("tie", E4, P4), 1, "keep_apart refuses this tie"),
        (("tie", E5, P5), 1, "in force already: tie of email:5 and phone:5"),
        (("tie", E5, S5), 1, "blocked refuses this tie"),
        (("keep-apart", E1, "EMAIL:1"), 2, "kind:value is expected"),
        (("keep-apart", E1, "email: 1"), 1, "email:1 twice"),
        (("keep-apart", P4, E4), 1, f"in force already: keep_apart of {E4} and {P4}"),
        (("split", U1, E2), 1, "email:2 is not joined with user_id:1"),
        (("split", U1, U1, E1), 1, "all identifiers of the profile"),
        (("split", U1), 2, "Missing argument"),
        (("handover", P1, "--at", "2999-01-01"), 1, "2999-01-01T00:00:00.000Z is to come"),
        (("handover", P1, "--at", "1970-01-01T00:00:00.005Z"), 1, "in force already: handover of phone:1"),
        (("handover", P1, "--at", "soon"), 2, "a time is expected"),
        (("handover", P1), 2, "Missing option '--at'"),
        (("block", S5), 1, "in force already: block of instagram_id:5"),
        (("retract", str(UUID(int=1))), 1, "no fact and no command of tenant default has the id"),
        (("retract", str(GONE.fact_id)), 1, "taken back already"),
        (("retract", "that"), 2, "not a valid UUID"),
        (("tie", "ada", E1), 2, "'ada' is no identifier"),
    )  # fmt: skip
    for number, (arguments, status, said) in enumerate(wrong):
        done = run("identity", *arguments, *WHY, *(["--dry-run"] if number % 2 else []))
        assert (done.status, done.out) == (status, ""), (arguments, done)
        assert said in done.error, (arguments, done.error)
    assert run("identity", "tie", E1, E2).status == 2  # without a reason
    assert counted(store) == len(FACTS)


def test_a_dry_run_shows_what_would_move_and_changes_nothing(store: Store, run: Run) -> None:
    done = run("identity", "tie", U1, U2, "--force", "--dry-run", "--json", "--author", "grace", *WHY)
    assert done.status == 0, done.error
    row = done.row
    assert (row["command"], row["author"], row["reason"]) == ("tie", "grace", "she phoned")
    assert (row["dry_run"], row["interactions_moved"], row["in_force"]) == (True, 2, None)
    before, after = row["before"], row["after"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert [profile["identifiers"] for profile in before] == [[E1, U1], [E2, U2]]
    assert [profile["identifiers"] for profile in after] == [[E1, E2, U1, U2]]
    assert after[0]["profile"] == before[0]["profile"] == str(profile_id(TENANT, U1))
    assert counted(store) == len(FACTS)


def test_for_people_the_profiles_are_tables(run: Run) -> None:
    done = run("identity", "split", str(profile_id(TENANT, U1)), E1, "--dry-run", *WHY)
    assert done.status == 0, done.error
    assert "before" in done.out
    assert "0 interactions would move; nothing was changed" in done.out


def test_a_command_is_published_to_its_tenants_shard_and_waited_for(
    store: Store, run: Run, mock_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHLINE_KAFKA__BOOTSTRAP", mock_kafka.bootstrap)
    with resolving(mock_kafka, store.client) as resolver:
        tied = run("identity", "tie", E1, P4, "--json", *WHY)
        assert (tied.status, tied.row["in_force"]) == (0, True), tied.error
        assert [fact.fact for fact in resolver.facts()] == ["tie"]
        assert {partition for partition, _ in resolver.records} == {shard_of(TENANT, 4)}
        split = run("identity", "split", P4, E1, U1, "--json", *WHY)
        assert (split.status, split.row["in_force"]) == (0, True), split.error
        back = run("identity", "retract", str(split.row["command_id"]), "--json", *WHY)
        assert (back.status, back.row["in_force"]) == (0, True), back.error
        assert back.row["before"] == split.row["after"]
        again = run("identity", "retract", str(tied.row["command_id"]), *WHY)
        assert (again.status, "interactions moved" in again.out) == (0, True), again.error
        assert [fact.command for fact in resolver.facts()] == ["tie", "split", "retract", "retract"]
        gone = run("identity", "retract", str(tied.row["command_id"]), *WHY)
        assert (gone.status, "taken back already" in gone.error) == (1, True)


def test_what_is_not_in_force_in_time_is_said(
    run: Run, mock_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHLINE_KAFKA__BOOTSTRAP", mock_kafka.bootstrap)
    monkeypatch.setattr("throughline.commands.identity.WAIT_S", 0.1)
    late = run("identity", "block", E2, "--json", *WHY)
    assert (late.status, late.row["in_force"]) == (1, False)
    assert "not in force after 0.1 s" in late.error
    soon = run("identity", "block", E1, "--no-wait", "--json", *WHY)
    assert (soon.status, soon.row["in_force"]) == (0, None)


def test_without_up_the_embedded_kafka_is_missing(store: Store, run: Run) -> None:
    done = run("identity", "block", E2, *WHY)
    assert (done.status, "start `throughline up` first" in done.error) == (1, True)
    assert counted(store) == len(FACTS)


def test_where_nobody_is_logged_in_an_author_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nobody)
    done = run("identity", "block", E2, "--dry-run", *WHY)
    assert (done.status, "--author" in done.error) == (2, True)
    assert run("identity", "block", E2, "--dry-run", "--author", "grace", *WHY).status == 0
