"""Records of identity are stored as they are written; copies, in any order, leave what counts."""

from itertools import permutations
from uuid import UUID

import orjson
import pytest

from schemas.identity import BEGIN, END, Range, Rules
from schemas.ids import profile_id
from sinks.tables import CHANGES, EVIDENCE, MAP, PROFILES
from tests.sinks.conftest import Store
from tests.sinks.identity import (
    COMMAND,
    EVENT,
    TIE,
    Trait,
    always,
    change,
    keep_apart,
    link,
    mapped,
    profile,
    retract,
    rules,
    traits,
)

pytestmark = pytest.mark.chdb

ADA = profile_id("default", "user_id:ada")


def test_evidence_is_kept_as_it_was_written(store: Store) -> None:
    apart = keep_apart(["email:a@x.de", "email:b@x.de"], ["user_id:ada"], 3_000)
    store.put(
        EVIDENCE,
        link("user_id:ada", "email:a@x.de", 1_500),
        traits("user_id:ada", 2_000, {"name": "Ada", "of": {"a.b": [1, None]}}),
        apart,
        retract(apart, 4_000),
        rules(Rules(), 5_000),
    )
    rows = store.ask("SELECT * EXCEPT stored_at FROM identity_evidence FINAL ORDER BY at")
    assert [row["fact"] for row in rows] == ["link", "traits", "keep_apart", "retract", "rules"]
    assert (rows[0]["left"], rows[0]["right"], rows[0]["at"]) == (
        ["user_id:ada"], ["email:a@x.de"], "1970-01-01 00:00:01.500"
    )  # fmt: skip
    assert (rows[0]["event_id"], rows[0]["source"], rows[0]["command_id"]) == (str(EVENT), "web", None)
    assert orjson.loads(str(rows[1]["traits"])) == {"name": "Ada", "of": {"a.b": [1, None]}}
    assert (rows[2]["command_id"], rows[2]["command"], rows[2]["author"]) == (str(COMMAND), "keep-apart", "grace")
    assert (rows[3]["target"], rows[3]["target_fact"]) == (rows[2]["fact_id"], "keep_apart")
    assert Rules.from_document(orjson.loads(str(rows[4]["rules"]))) == Rules()


def test_an_identifier_leads_to_the_facts_that_name_it_on_either_side(store: Store) -> None:
    apart = keep_apart(["email:a@x.de", "email:b@x.de"], ["user_id:ada"], 3_000)
    store.put(EVIDENCE, link("user_id:ada", "email:a@x.de", 1_500), apart, retract(apart, 4_000), rules(Rules(), 1))

    def of(identifier: str) -> object:
        return store.one(
            "SELECT arraySort(groupArray(fact)) FROM identity_evidence FINAL WHERE fact_id IN"
            f" (SELECT fact_id FROM identifier_facts WHERE identifier = '{identifier}')"
        )

    assert of("user_id:ada") == ["keep_apart", "link", "retract"]
    assert of("email:b@x.de") == ["keep_apart", "retract"]
    assert of("email:c@x.de") == []


def test_of_copies_of_a_link_the_earliest_counts_whatever_came_first(store: Store) -> None:
    times = (2_000, 1_000, 3_000)
    for number, order in enumerate(permutations(times)):
        for at in order:
            store.put(EVIDENCE, link("user_id:ada", f"email:{number}@x.de", at))
    earliest = "SELECT DISTINCT toUnixTimestamp64Milli(at) AS ms, count() OVER () AS rows FROM identity_evidence FINAL"
    assert [row["ms"] for row in store.ask(earliest)] == [1_000]
    store.client.command("OPTIMIZE TABLE identity_evidence FINAL")
    assert store.one("SELECT count() = 6 AND max(toUnixTimestamp64Milli(at)) = 1000 FROM identity_evidence") == 1


def test_the_highest_version_of_a_subject_wins_in_any_order(store: Store) -> None:
    versions = [(1, (always(ADA),)), ((1 << 48) | 2, ()), (2, (always(UUID(int=7)),))]
    for number, order in enumerate(permutations(versions)):
        for version, ranges in order:
            store.put(MAP, mapped(f"anonymous_id:{number}", version, *ranges))
    assert store.one("SELECT groupUniqArray(length(ranges)) FROM identity_map FINAL") == [0]
    assert store.one("SELECT groupUniqArray(version) FROM identity_map FINAL") == [(1 << 48) | 2]
    assert store.one(f"SELECT uniqExact(subject) FROM profile_members WHERE profile_id = '{ADA}'") == 6


def test_a_row_of_the_map_has_all_its_ranges_and_its_members_are_for_ever(store: Store) -> None:
    nobody = UUID(int=9)
    store.put(MAP, mapped("device_id:d", 5, Range(BEGIN, 1_000, ADA, "linked"), Range(1_000, END, nobody, "contested")))
    [row] = store.ask("SELECT ranges, own_profile FROM identity_map FINAL")
    begin, cut, end = "1970-01-01 00:00:00.000", "1970-01-01 00:00:01.000", "2100-01-01 00:00:00.000"
    assert row["ranges"] == [
        {"since": begin, "until": cut, "profile": str(ADA), "state": "linked"},
        {"since": cut, "until": end, "profile": str(nobody), "state": "contested"},
    ]
    own = profile_id("default", "device_id:d")
    assert row["own_profile"] == str(own)
    store.put(MAP, mapped("device_id:d", 6))
    members = store.one("SELECT arraySort(groupUniqArray(toString(profile_id))) FROM profile_members FINAL")
    assert members == sorted(map(str, (ADA, nobody, own)))


def test_a_profile_keeps_its_traits_as_they_came_and_by_value(store: Store) -> None:
    said = {
        "plan": Trait("pro"),
        "a.b": Trait({"c": [1, "x"]}, "shop", 2_000),
        "n": Trait(2**60),
        "at": Trait("2020-01-31"),
    }
    store.put(PROFILES, profile(ADA, 3, ["user_id:ada", "email:a@x.de:8"], said))
    store.put(PROFILES, profile(UUID(int=4), 3, absorbed_by=ADA))
    rows = store.ask(
        "SELECT *, trait_values FROM profiles FINAL ORDER BY absorbed_by IS NOT NULL"
        " SETTINGS json_type_escape_dots_in_keys = 1, output_format_json_quote_64bit_integers = 0",
    )
    assert rows[0]["trait_values"] == {"plan": "pro", "a.b": {"c": [1, "x"]}, "n": 2**60, "at": "2020-01-31"}
    assert orjson.loads(str(rows[0]["traits"]))["a.b"] == {
        "value": {"c": [1, "x"]}, "source": "shop", "at": "1970-01-01T00:00:02.000Z"
    }  # fmt: skip
    assert rows[0]["identifiers"] == [
        {"kind": "user_id", "value": "ada", "since": "1970-01-01 00:00:01.000", "state": "linked"},
        {"kind": "email", "value": "a@x.de:8", "since": "1970-01-01 00:00:01.000", "state": "linked"},
    ]
    assert (rows[1]["state"], rows[1]["absorbed_by"], rows[1]["trait_values"]) == ("absorbed", str(ADA), {})


def test_changes_that_come_again_are_there_once(store: Store) -> None:
    refused = change(2, "refused", ["user_id:ada", "device_id:d"], [ADA], rule="unique:user_id")
    for _ in range(2):
        store.put(CHANGES, change(1, "merged", ["email:a@x.de"], [ADA, UUID(int=4)]), refused)
    rows = store.ask("SELECT * FROM identity_changes ORDER BY at")
    assert [(row["what"], row["rule"]) for row in rows] == [("merged", ""), ("refused", "unique:user_id")]
    assert rows[0]["profiles"] == [str(ADA), str(UUID(int=4))]
    assert rows[0]["evidence"] == [str(TIE)]


@pytest.mark.parametrize("table", [EVIDENCE, MAP, PROFILES, CHANGES])
def test_what_is_none_of_these_is_refused(store: Store, table: str) -> None:
    assert store.client.insert_ready(table, b'{"tenant":"default","more":1}', "x") is not None
