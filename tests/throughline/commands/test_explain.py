"""`throughline explain` at the command line: words, JSON and exit status."""

from pathlib import Path

import pytest

from schemas.ids import profile_id
from tests.sinks.conftest import Store
from tests.stream_processors.core.identity_worlds import TENANT, at, link, name
from tests.throughline.commands.running import Run, terminal
from tests.throughline.identity.stored import happen, keep, put_map

pytestmark = pytest.mark.chdb
U1, U2, E1, A1 = map(name, ("U1", "U2", "E1", "A1"))


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    facts = [link("U1", "A1", 1), link("U1", "E1", 2), link("U2", "A1", 9)]
    keep(store, facts)
    put_map(store.client, facts)
    happen(store, U1, [at(1)], event_id=str(facts[0].event_id), name="Signed In")
    return terminal(store, monkeypatch, tmp_path)


def test_one_customer_has_a_path_with_its_interactions(run: Run) -> None:
    done = run("explain", E1, A1, "--json")
    assert done.status == 1  # the device is in doubt
    done = run("explain", U1, E1)
    assert (done.status, "account facts" in done.out) == (0, True)
    whole = run("explain", U1)
    assert (whole.status, "web action 'Signed In'" in whole.out) == (0, True)
    by_profile = run("explain", str(profile_id(TENANT, U1)), E1)
    assert (by_profile.status, by_profile.out) == (0, done.out)


def test_two_customers_have_a_rule_between_them(run: Run) -> None:
    done = run("explain", U1, U2, "--json")
    assert done.status == 1
    [against] = list(done.row["against"])  # type: ignore[call-overload]  # a list in plain data
    assert (against["rule"], against["link"]["source"], against["link"]["class"]) == (
        "unique:user_id", "web", "device facts"
    )  # fmt: skip


def test_a_phone_number_is_known_however_it_is_written(store: Store, run: Run) -> None:
    keep(store, [link("U1", "phone:+12025550123", 3)])
    assert run("explain", U1, "phone:(202) 555-0123").status == 0


def test_whom_nobody_knows_is_named(run: Run) -> None:
    done = run("explain", U1, "email:nobody")
    assert (done.status, done.out, done.error) == (1, "", "nothing is known of email:nobody in tenant default")
    assert run("explain", "ada").status == 2
