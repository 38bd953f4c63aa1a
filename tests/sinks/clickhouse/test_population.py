"""Everybody by the dictionaries: what `timeline` says, as of their last reading; where they fail, all else works."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.identity import BEGIN, END, Range, milliseconds
from schemas.ids import profile_id, uuid_of
from sinks.clickhouse.client import ClickHouse, Login
from sinks.clickhouse.migrate import dictionaries, migrate
from sinks.errors import FatalError
from sinks.tables import INTERACTIONS, MAP
from tests.sinks.conftest import Store
from tests.sinks.identity import always, mapped
from tests.sinks.rows import DAY, interaction

NOON = milliseconds(DAY)
CUT = NOON + 3_000
ADA, BOB, ELSA = (profile_id("default", f"user_id:{name}") for name in ("ada", "bob", "elsa"))
THEIRS, PHONE = profile_id("acme", "user_id:ada"), profile_id("default", "phone:+4930")
NOBODY, ERA = uuid_of("default|anonymous_id:d|0|alone"), uuid_of(f"default|email:e@x.de|0|{NOON}")
SUBJECTS = (
    "user_id:ada", "email:a@x.de", "anonymous_id:d", "phone:+4930", "user_id:bob", "email:e@x.de", "user_id:elsa",
    "anonymous_id:lone",
)  # fmt: skip
NAMES = ("identity_now", "identity_before")


def event(number: int, subject: str, tenant: str, **members: object) -> bytes:
    """An interaction `number` seconds after noon."""
    kind, _, value = subject.partition(":")
    own: dict[str, object] = {
        "tenant": tenant, "identifiers": [{"kind": kind, "value": value}], "subject": subject,
        "event_id": str(uuid_of(tenant, subject, str(number), str(members))), **members,
    }  # fmt: skip
    return interaction(number, "", **own)


def world(store: Store) -> None:
    """Two tenants with the same names: merged, contested, handed over, absorbed, taken back, and alone."""
    moments = (0, 2, 3, 4, 9)  # before, and at, and after the cut
    rows = [event(at, subject, tenant) for tenant in ("default", "acme") for subject in SUBJECTS for at in moments]
    edge = [event(2, subject, "default", occurred_at="2026-03-01T12:00:02.999Z") for subject in SUBJECTS]
    long_ago = event(0, "phone:+4930", "default", occurred_at="1950-01-01T00:00:00Z")
    store.put(INTERACTIONS, *rows, *edge, long_ago)
    store.put(INTERACTIONS, *rows[:7])  # copies
    store.put(
        MAP,
        *(mapped(subject, 1, always(ADA)) for subject in ("user_id:ada", "email:a@x.de")),
        mapped("anonymous_id:d", 1, Range(BEGIN, CUT, ADA, "linked"), Range(CUT, END, NOBODY, "contested")),
        mapped(
            "phone:+4930", 1,
            Range(BEGIN, NOON + 2_000, ADA, "linked"), Range(NOON + 2_000, CUT, PHONE, "own"),
            Range(CUT, END, BOB, "linked"),
        ),
        mapped("user_id:bob", 1, always(BOB)),
        mapped("email:e@x.de", 1, always(ERA)), mapped("user_id:elsa", 1, always(ERA)),
        *(mapped(subject, 1, always(THEIRS), tenant="acme") for subject in ("user_id:ada", "user_id:bob")),
    )  # fmt: skip


def define(store: Store, password: str) -> None:
    """As a user with this password would have migrated."""
    for script in dictionaries(store.client.database, Login("default", password)):
        for statement in script.statements:
            store.client.command(statement)


def reload(store: Store) -> None:
    for name in NAMES:
        store.client.command(f"SYSTEM RELOAD DICTIONARY {name}")


def owners(store: Store, view: str) -> dict[object, object]:
    """Whose each interaction is."""
    return {row[0]: row[1] for row in store.client.query(f"SELECT event_id, profile_id FROM {view}").rows}


def people(store: Store, view: str) -> list[object]:
    """A question about everybody."""
    sql = f"SELECT tenant, profile_id, count(), min(occurred_at) FROM {view} GROUP BY ALL ORDER BY ALL"
    return [tuple(row) for row in store.client.query(sql).rows]


@pytest.mark.chdb
def test_everybody_is_as_the_timeline_says_and_follows_the_evidence(store: Store) -> None:
    world(store)
    reload(store)
    said = owners(store, "timeline")
    assert owners(store, "population") == said
    assert len(said) == len(SUBJECTS) * 11 + 1
    assert {ADA, BOB, ERA, NOBODY, THEIRS, PHONE} <= set(said.values())
    assert people(store, "population") == people(store, "timeline")
    store.put(  # one is absorbed, one merged; the device is the account's again; of acme's two each is alone again
        MAP,
        *(mapped(subject, 2, always(ELSA)) for subject in ("email:e@x.de", "user_id:elsa")),
        *(mapped(subject, 2, always(ADA)) for subject in ("user_id:bob", "anonymous_id:d")),
        mapped("phone:+4930", 2, Range(BEGIN, CUT, ADA, "linked"), Range(CUT, END, ADA, "linked")),
        *(mapped(subject, 2, tenant="acme") for subject in ("user_id:ada", "user_id:bob")),
    )
    reload(store)
    assert owners(store, "population") == owners(store, "timeline") != said
    assert people(store, "population") == people(store, "timeline")


@pytest.mark.chdb
def test_by_subject_first_it_is_whose_each_is_now(store: Store) -> None:
    world(store)
    reload(store)
    by_subject = """
        SELECT profile_id, sum(times)
        FROM
        (
            SELECT
                dictGetOrDefault('identity_now', 'profile_id', own_profile, own_profile) AS profile_id,
                count() AS times
            FROM population
            WHERE tenant = 'default'
            GROUP BY own_profile
        )
        GROUP BY profile_id"""
    each = 6  # interactions of a subject
    lone = profile_id("default", "anonymous_id:lone")
    assert {row[0]: row[1] for row in store.client.query(by_subject).rows} == {
        ADA: 2 * each, NOBODY: each, BOB: 2 * each + 1, ERA: 2 * each, lone: each
    }  # fmt: skip
    assert store.one("SELECT count() FROM identity_now") == 6  # of those that are others': not ada, not bob, not lone


@pytest.mark.chdb
def test_it_has_the_columns_of_the_timeline_and_the_key_of_the_dictionaries(store: Store) -> None:
    sql = (
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {view:String}"
        " ORDER BY position"
    )
    timeline, population = (
        [tuple(row) for row in store.client.query(sql, {"view": v}).rows] for v in ("timeline", "population")
    )
    assert population == [*timeline[:2], ("own_profile", "UUID"), *timeline[2:]]
    world(store)
    reload(store)
    whole = "SELECT * EXCEPT own_profile FROM population ORDER BY event_id"
    assert list(store.client.query(whole).rows) == list(
        store.client.query("SELECT * FROM timeline ORDER BY event_id").rows
    )


@pytest.mark.chdb
def test_a_condition_on_subjects_is_a_range_of_the_key(store: Store) -> None:
    store.put(INTERACTIONS, *(event(number, f"user_id:u{number}", "default") for number in range(5_000)))
    store.client.command("OPTIMIZE TABLE interactions FINAL")
    asked = "EXPLAIN indexes = 1 SELECT * FROM population WHERE tenant = 'default' AND subject = 'user_id:u7'"
    assert "Granules: 1/5" in store.client.text(asked, "TSVRaw").decode()


@pytest.mark.chdb
def test_a_server_reads_again_when_the_map_has_changed_and_not_when_it_was_merged(store: Store) -> None:
    """The embedded engine never asks this; a server does before each reading, and trusts the answer."""
    for script in dictionaries(store.client.database, Login("default")):
        [_, told] = re.findall(r"QUERY \$query\$(.*?)\$query\$", script.text, re.DOTALL)
        store.client.command("TRUNCATE TABLE identity_map")
        seen = [store.one(told)]
        for version in (1, 2):
            store.put(MAP, mapped("user_id:ada", version, always(BOB)))
            seen.append(store.one(told))
        store.client.command("OPTIMIZE TABLE identity_map FINAL")
        assert store.one(told) == seen[-1]
        store.client.command(
            "ALTER TABLE identity_map DELETE WHERE subject = 'user_id:bob' SETTINGS mutations_sync = 1"
        )
        seen.append(store.one(told))
        assert len(set(map(str, seen))) == 4


class Refusing(ClickHouse):
    """A connection of a user who may make no dictionary, to a server that quotes what it was asked."""

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None, *, use_database: bool = True) -> None:
        if " DICTIONARY " in sql:
            msg = f"ACCESS_DENIED (497): Not enough privileges: {sql}"
            raise FatalError(msg)
        super().command(sql, parameters, use_database=use_database)


@pytest.mark.chdb
def test_without_them_all_else_works(empty_store: Store) -> None:
    refused = Refusing(empty_store.client._client, empty_store.client.database, Login("default", "hush"))
    with capture_logs() as logs:
        migrate(refused)
    assert [(one["event"], one["dictionary"], one["reason"]) for one in logs] == [
        ("dictionary_refused", name, "ACCESS_DENIED (497)") for name in sorted(NAMES)
    ]
    assert "hush" not in str(logs)
    world(empty_store)
    assert len(owners(empty_store, "timeline")) == empty_store.one("SELECT sum(interactions) FROM customers")
    with pytest.raises(FatalError, match="identity_before"):
        owners(empty_store, "population")
    migrate(empty_store.client)
    assert owners(empty_store, "population") == owners(empty_store, "timeline")


@pytest.mark.chdb
def test_where_they_cannot_be_read_all_else_works_and_migrating_again_mends_them(store: Store) -> None:
    """As after a change of the password: what is defined no longer opens the source."""
    define(store, "the old one")
    world(store)
    with pytest.raises(FatalError, match="AUTHENTICATION_FAILED"):
        owners(store, "population")
    assert len(owners(store, "timeline")) == store.one("SELECT sum(interactions) FROM customers")
    migrate(store.client)
    assert owners(store, "population") == owners(store, "timeline")


@pytest.mark.chdb
def test_a_password_is_shown_to_nobody(store: Store) -> None:
    define(store, "hush")
    shown = "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND engine = 'Dictionary'"
    definitions = [str(row[0]) for row in store.client.query(shown).rows]
    definitions += [str(store.one(f"SHOW CREATE DICTIONARY {name}")) for name in NAMES]
    assert len(definitions) == 4
    assert all("[HIDDEN]" in text and "hush" not in text for text in definitions)


def test_names_and_passwords_may_hold_anything() -> None:
    [script, _] = dictionaries("my`base", Login("o'neil", r"a\b'{database}$"))
    assert r"USER 'o\'neil'" in script.text
    assert r"PASSWORD 'a\\b\'{database}$'" in script.text
    assert r"FROM `my\`base`.identity_map FINAL" in script.text
    assert "neil" not in repr(script) + repr(Login("x", "neil"))
