"""`throughline identity simulate` and `apply`."""

from pathlib import Path

import pytest

from schemas.identity import Rules
from schemas.settings import KafkaSettings
from tests.sinks.conftest import Store
from tests.stream_processors.core.identity_worlds import TENANT, at, link, name
from tests.throughline.commands.running import Run, terminal
from tests.throughline.identity.resolver import resolving
from tests.throughline.identity.stored import happen, keep
from throughline.identity.facts import rules_in_force

pytestmark = pytest.mark.chdb
ONE_EMAIL = "[identity.kinds.email]\nlimit = 1\n"


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    keep(store, [link("U1", "E1", 1), link("U1", "E2", 2), link("U2", "E3", 1)])
    happen(store, name("E2"), [at(t) for t in (2, 3, 4)])
    (tmp_path / "rules.toml").write_text(ONE_EMAIL)
    return terminal(store, monkeypatch, tmp_path)


def test_simulate_shows_what_would_change_and_touches_nothing(store: Store, run: Run) -> None:
    done = run("identity", "simulate", "--rules", "rules.toml", "--json")
    assert done.status == 0, done.error
    row = done.row
    largest = row.pop("largest")
    assert row == {"tenant": TENANT, "merged": 0, "split": 1, "moved": 0, "unchanged": 1, "interactions": 3}
    assert isinstance(largest, list)
    assert [(change["what"], change["interactions"], change["identifiers"]) for change in largest] == [
        ("split", 3, [name("E1"), name("E2"), name("U1")])
    ]
    assert rules_in_force(store.client) == (Rules(), 0)
    people = run("identity", "simulate", "--rules", "rules.toml", "--tenant", TENANT)
    assert (people.status, "2 profiles" in people.out) == (0, True)
    assert run("identity", "apply", "--rules", "rules.toml", "--dry-run", "--json").out == done.out


def test_the_inside_of_identity_will_do_as_well(run: Run, tmp_path: Path) -> None:
    (tmp_path / "inside.toml").write_text("[kinds.email]\nlimit = 1\n")
    assert run("identity", "simulate", "--rules", "inside.toml", "--json").row["split"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[identity]\nhubs = 3", "identity.hubs: Extra inputs are not permitted"),
        ("[identity]\nhub = 0", "identity.hub: Input should be greater than or equal to 1"),
        ("identity = [", "rules.toml: "),
    ],
)
def test_a_file_that_holds_no_rules_is_wrong_usage(run: Run, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "rules.toml").write_text(text)
    for command in ("simulate", "apply"):
        done = run("identity", command, "--rules", "rules.toml")
        assert (done.status, done.out) == (2, "")
        assert said in done.error
    assert run("identity", "simulate", "--rules", "none.toml").status == 2


def test_rules_reach_every_shard_and_are_waited_for(
    store: Store, run: Run, mock_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHLINE_KAFKA__BOOTSTRAP", mock_kafka.bootstrap)
    with resolving(mock_kafka, store.client) as resolver:
        done = run("identity", "apply", "--rules", "rules.toml", "--reason", "mailing lists", "--json")
        assert (done.status, done.row["in_force"]) == (0, True), done.error
        assert sorted(partition for partition, _ in resolver.records) == [0, 1, 2, 3]
    rules, _ = rules_in_force(store.client)
    assert rules.kinds["email"].limit == 1
    again = run("identity", "apply", "--rules", "rules.toml")
    assert (again.status, again.error) == (1, "these rules are in force already")


def test_rules_that_no_resolver_takes_are_said(
    run: Run, mock_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROUGHLINE_KAFKA__BOOTSTRAP", mock_kafka.bootstrap)
    monkeypatch.setattr("throughline.commands.rules.WAIT_S", 0.2)
    late = run("identity", "apply", "--rules", "rules.toml", "--json")
    assert (late.status, late.row["in_force"]) == (1, False)
    assert "not in force after 0.2 s" in late.error
    soon = run("identity", "apply", "--rules", "rules.toml", "--no-wait")
    assert (soon.status, soon.out) == (0, "published\n")
