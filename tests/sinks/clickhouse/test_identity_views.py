"""One customer by any identifier and any profile id that ever was; all of them under the map as it is."""

from itertools import permutations
from uuid import UUID

import pytest

from schemas.identity import BEGIN, END, Range, milliseconds
from schemas.ids import profile_id, uuid_of
from sinks.tables import INTERACTIONS, MAP, PROFILES
from tests.sinks.conftest import Store
from tests.sinks.identity import Trait, always, mapped, profile
from tests.sinks.rows import DAY, interaction

pytestmark = pytest.mark.chdb

ADA, BOB = profile_id("default", "user_id:ada"), profile_id("default", "user_id:bob")
NOON = milliseconds(DAY)


def event(number: int, subject: str, **members: object) -> bytes:
    """An interaction `number` seconds after noon."""
    kind, _, value = subject.partition(":")
    own: dict[str, object] = {"identifiers": [{"kind": kind, "value": value}], "subject": subject, **members}
    return interaction(number, "", **own)


def of(store: Store, identifier: str | UUID, tenant: str = "default") -> object:
    """The numbers of a customer's interactions; both views must say the same of them."""
    found = store.ask(
        f"SELECT raw_offset, profile_id FROM customer_timeline(tenant = '{tenant}', identifier = '{identifier}')"
        " SETTINGS output_format_json_quote_64bit_integers = 0",
    )
    owners = {row["profile_id"] for row in found}
    assert len(owners) <= 1
    for owner in owners:
        everyone = f"SELECT raw_offset FROM timeline WHERE profile_id = '{owner}' ORDER BY occurred_at"
        assert [row[0] for row in store.client.query(everyone).rows] == [row["raw_offset"] for row in found]
    return [row["raw_offset"] for row in found]


def seen(store: Store) -> None:
    """Two people, an e-mail, a device that both used."""
    subjects = ["anonymous_id:d", "user_id:ada", "email:a@x.de", "user_id:bob", "anonymous_id:d", "anonymous_id:e"]
    store.put(INTERACTIONS, *(event(number, subject) for number, subject in enumerate(subjects)))


def test_without_a_row_in_the_map_each_subject_is_its_own_customer(store: Store) -> None:
    seen(store)
    assert of(store, "user_id:ada") == of(store, ADA) == [1]
    assert of(store, "anonymous_id:d") == of(store, profile_id("default", "anonymous_id:d")) == [0, 4]
    assert of(store, "user_id:ada", "other") == of(store, "user_id:nobody") == of(store, UUID(int=5)) == []


def test_any_identifier_finds_the_whole_customer_and_an_old_id_does_too(store: Store) -> None:
    seen(store)
    subjects = ["user_id:ada", "email:a@x.de", "anonymous_id:e"]
    store.put(MAP, *(mapped(subject, 1, always(ADA)) for subject in subjects))
    for name in subjects:
        assert of(store, name) == of(store, profile_id("default", name)) == [1, 2, 5]
    assert of(store, "user_id:bob") == [3]


def test_a_contested_device_keeps_its_past_and_then_belongs_to_nobody(store: Store) -> None:
    seen(store)
    nobody = uuid_of("default|anonymous_id:d|0|alone")
    cut = NOON + 2_000
    ranges = Range(BEGIN, cut, ADA, "linked"), Range(cut, END, nobody, "contested")
    store.put(MAP, mapped("user_id:ada", 1, always(ADA)), mapped("anonymous_id:d", 1, *ranges))
    assert of(store, "user_id:ada") == of(store, ADA) == [0, 1]
    assert of(store, "anonymous_id:d") == of(store, nobody) == [4]
    own = profile_id("default", "anonymous_id:d")
    assert of(store, own) == [4]
    store.put(MAP, mapped("anonymous_id:d", 2, always(ADA)))
    assert of(store, "anonymous_id:d") == of(store, nobody) == of(store, own) == [0, 1, 4]


def test_a_number_that_changed_hands_is_of_two_customers(store: Store) -> None:
    seen(store)
    cut = NOON + 3_000
    ranges = Range(BEGIN, cut, ADA, "linked"), Range(cut, END, BOB, "linked")
    store.put(MAP, *(mapped(f"user_id:{name}", 1, always(owner)) for name, owner in (("ada", ADA), ("bob", BOB))))
    store.put(MAP, mapped("anonymous_id:d", 1, *ranges))
    assert of(store, "user_id:ada") == [0, 1]
    assert of(store, "anonymous_id:d") == of(store, "user_id:bob") == [3, 4]
    store.put(INTERACTIONS, event(3_000, "anonymous_id:d"), event(2, "anonymous_id:d", message_id="edge"))
    assert of(store, BOB) == [3, 4, 3_000]


def test_an_absorbed_profile_leads_to_the_one_that_absorbed_it_even_where_an_era_made_it(store: Store) -> None:
    seen(store)
    era = uuid_of(f"default|email:a@x.de|0|{NOON}")
    store.put(MAP, *(mapped(subject, 1, always(era)) for subject in ("email:a@x.de", "anonymous_id:e")))
    assert of(store, era) == [2, 5]
    store.put(MAP, *(mapped(s, 2, always(ADA)) for s in ("email:a@x.de", "anonymous_id:e", "user_id:ada")))
    assert of(store, era) == of(store, ADA) == [1, 2, 5]
    store.put(
        MAP,
        *(mapped(s, 3, always(BOB)) for s in ("email:a@x.de", "anonymous_id:e", "user_id:ada", "user_id:bob")),
    )
    assert of(store, era) == of(store, ADA) == of(store, BOB) == [1, 2, 3, 5]


def test_who_leaves_a_profile_takes_its_interactions_along(store: Store) -> None:
    seen(store)
    store.put(MAP, *(mapped(subject, 1, always(ADA)) for subject in ("user_id:ada", "email:a@x.de", "anonymous_id:e")))
    store.put(
        MAP,
        mapped("email:a@x.de", 2),
        mapped("anonymous_id:e", 2, always(BOB)),
        mapped("user_id:bob", 2, always(BOB)),
    )
    assert of(store, "user_id:ada") == of(store, ADA) == [1]
    assert of(store, "email:a@x.de") == of(store, profile_id("default", "email:a@x.de")) == [2]
    assert of(store, "anonymous_id:e") == [3, 5]


def test_rows_of_the_map_may_arrive_in_any_order(store: Store) -> None:
    rows = [mapped("user_id:ada", 1, always(BOB)), mapped("user_id:ada", 2), mapped("user_id:ada", 3, always(ADA))]
    store.put(MAP, mapped("email:a@x.de", 1, always(ADA)))
    seen(store)
    for order in permutations(rows):
        store.client.command("TRUNCATE TABLE profile_members")
        store.client.command(
            "ALTER TABLE identity_map DELETE WHERE subject = 'user_id:ada' SETTINGS mutations_sync = 1"
        )
        store.put(MAP, mapped("email:a@x.de", 1, always(ADA)))
        for row in order:
            store.put(MAP, row)
        assert of(store, "email:a@x.de") == [1, 2]


def test_copies_of_an_interaction_are_there_once_and_the_first_stays(store: Store) -> None:
    store.put(MAP, mapped("user_id:ada", 1, always(ADA)))
    for offset in (5, 9):
        store.put(INTERACTIONS, event(5, "user_id:ada", raw_offset=offset))
    assert of(store, "user_id:ada") == [5]


def test_the_views_have_the_same_columns_in_the_same_form(store: Store) -> None:
    seen(store)
    one = store.client.query("SELECT * FROM customer_timeline(tenant = 'default', identifier = 'user_id:ada')")
    all_of_them = store.client.query("SELECT * FROM timeline WHERE subject = 'user_id:ada'")
    assert one.columns == all_of_them.columns
    assert list(one.rows) == list(all_of_them.rows)


def test_a_condition_on_subjects_is_a_range_of_both_keys(store: Store) -> None:
    store.put(INTERACTIONS, *(event(number, f"user_id:u{number}") for number in range(5_000)))
    store.put(MAP, *(mapped(f"user_id:u{number}", 1, always(ADA)) for number in range(5_000)))
    for table in ("interactions", "identity_map"):
        store.client.command(f"OPTIMIZE TABLE {table} FINAL")
    plan = store.client.text(
        "EXPLAIN indexes = 1 SELECT * FROM timeline WHERE subject = 'user_id:u7'", "TSVRaw"
    ).decode()
    assert plan.count("Granules: 1/5") >= 2


def test_customers_have_what_was_resolved_and_what_was_seen(store: Store) -> None:
    seen(store)
    store.put(INTERACTIONS, event(7, "email:a@x.de", channel="email"))
    store.put(MAP, mapped("user_id:ada", 1, always(ADA)), mapped("email:a@x.de", 1, always(ADA)))
    said = {"plan": Trait("pro"), "age": Trait(36)}
    store.put(PROFILES, profile(ADA, 1, ["user_id:ada", "email:a@x.de"], said), profile(BOB, 1, absorbed_by=ADA))
    rows = store.ask(
        "SELECT * FROM customers ORDER BY interactions DESC, identifiers"
        " SETTINGS output_format_json_quote_64bit_integers = 0",
    )
    assert rows[0] == {
        "tenant": "default", "profile_id": str(ADA), "identifiers": ["user_id:ada", "email:a@x.de"],
        "traits": {"plan": "pro", "age": 36}, "channels": ["email", "web"], "interactions": 3,
        "first_seen": "2026-03-01 12:00:01.000", "last_seen": "2026-03-01 12:00:07.000",
    }  # fmt: skip
    assert [(row["identifiers"], row["traits"], row["interactions"]) for row in rows[1:]] == [
        (["anonymous_id:d"], {}, 2), (["anonymous_id:e"], {}, 1), (["user_id:bob"], {}, 1)
    ]  # fmt: skip
    assert store.one("SELECT traits.plan FROM customers WHERE has(identifiers, 'user_id:ada')") == "pro"
