"""`timeline` and `customer` by identity, on rows of the map as the resolver writes them."""

from uuid import UUID, uuid4

import pytest

from schemas.identity import BEGIN, END, Range, milliseconds
from schemas.ids import profile_id, uuid_of
from sinks.clickhouse.client import ClickHouse
from sinks.tables import CHANGES, INTERACTIONS, MAP, PROFILES
from tests.sinks.conftest import Store
from tests.sinks.identity import Trait, always, change, mapped, profile
from tests.sinks.rows import DAY, interaction
from throughline.commands.customer import described
from throughline.commands.timeline import COLUMNS, interactions
from throughline.whose import customers

pytestmark = pytest.mark.chdb

ADA, BOB = profile_id("default", "user_id:ada"), profile_id("default", "user_id:bob")
ALONE = uuid_of("default|anonymous_id:d|0|alone")
CUT = milliseconds(DAY) + 2_000


def event(number: int, subject: str) -> bytes:
    kind, _, value = subject.partition(":")
    own: dict[str, object] = {"subject": subject, "identifiers": [{"kind": kind, "value": value}], "name": f"e{number}"}
    return interaction(number, "", **own)


@pytest.fixture
def client(store: Store) -> ClickHouse:
    """Ada by three names, Bob, and a device that both used: its past is Ada's, since noon and two seconds nobody's."""
    subjects = ("anonymous_id:d", "user_id:ada", "email:a@x.de", "user_id:bob", "anonymous_id:d")
    device = Range(BEGIN, CUT, ADA, "linked"), Range(CUT, END, ALONE, "contested")
    rows = {
        INTERACTIONS: [event(number, subject) for number, subject in enumerate(subjects)],
        MAP: [
            *(mapped(subject, 1, always(ADA)) for subject in ("user_id:ada", "email:a@x.de", "phone:+4930123456")),
            mapped("anonymous_id:d", 1, *device),
        ],
        PROFILES: [
            profile(ADA, 1, ["user_id:ada", "email:a@x.de", "phone:+4930123456"], {"plan": Trait("pro", "shop", 5_000)})
        ],
        CHANGES: [
            change(1, "refused", ["anonymous_id:d", "user_id:bob"], [ALONE, BOB], rule="unique:user_id"),
            change(2, "refused", ["anonymous_id:d", "user_id:bob"], [ALONE, BOB], rule="contested"),
        ],
    }
    for table, values in rows.items():
        assert store.client.insert_ready(table, b"\n".join(values), uuid4().hex) is None
    return store.client


def names(client: ClickHouse, *asked: str, limit: int = 100) -> list[str]:
    found = interactions(client, "default", customers(client, "default", asked, "DE"), limit=limit)
    return [row["name"] for row in found]


def test_every_name_of_a_customer_shows_the_whole_timeline(client: ClickHouse) -> None:
    for asked in (
        "user_id:ada",
        "email: A@x.de",
        "phone:030 123456",
        str(ADA),
        str(profile_id("default", "email:a@x.de")),
    ):
        assert names(client, asked) == ["e0", "e1", "e2"]
    assert names(client, "user_id:ada", "email:a@x.de", limit=2) == ["e1", "e2"]
    assert names(client, "user_id:bob", "user_id:ada") == ["e0", "e1", "e2", "e3"]


def test_for_people_fewer_columns_of_the_same_rows_are_read(client: ClickHouse) -> None:
    whose = customers(client, "default", ["user_id:ada"], "DE")
    whole = interactions(client, "default", whose)
    printed = interactions(client, "default", whose, whole=False)
    assert len(printed) == 3
    assert [{name: row[name] for name in printed[0]} for row in whole] == printed
    assert {*COLUMNS} - {"what"} <= printed[0].keys()


@pytest.mark.parametrize("asked", ["user_id:ada", "anonymous_id:d", "user_id:bob", str(ADA), str(ALONE), str(BOB)])
def test_it_is_what_the_view_for_analysts_says(client: ClickHouse, asked: str) -> None:
    columns = "name, profile_id, identifiers, corrected_at, properties"
    sql = f"SELECT {columns} FROM customer_timeline(tenant = 'default', identifier = {{name:String}})"
    view = [dict(zip(columns.split(", "), row, strict=True)) for row in client.query(sql, {"name": asked}).rows]
    rows = interactions(client, "default", customers(client, "default", [asked], "DE"))
    assert [{name: row[name] for name in columns.split(", ")} for row in rows] == view
    assert view


def test_a_contested_identifier_opens_nobodys_timeline_and_names_its_claimants(client: ClickHouse) -> None:
    assert names(client, "anonymous_id:d") == names(client, str(ALONE)) == ["e4"]
    for asked in ("anonymous_id:d", str(ALONE)):
        [one] = customers(client, "default", [asked], "DE")
        told = described(client, "default", one)
        assert told is not None
        assert [(row["profile_id"], row["why"], row["identifier"]) for row in told["claimants"]] == [
            (ADA, "its past", "anonymous_id:d"),
            (BOB, "refused: contested", "user_id:bob"),
        ]
        [member] = told["identifiers"]
        assert (member["identifier"], member["state"]) == ("anonymous_id:d", "contested")


def test_a_customer_is_all_that_was_resolved_and_all_that_was_seen(client: ClickHouse) -> None:
    told = described(client, "default", *customers(client, "default", ["email:a@x.de"], "DE"))
    assert told is not None
    assert (told["profile_id"], told["interactions"], told["channels"]) == (str(ADA), 3, ["web"])
    assert told["traits"] == {"plan": {"value": "pro", "source": "shop", "at": "1970-01-01T00:00:05.000Z"}}
    members = {one["identifier"]: one for one in told["identifiers"]}
    assert set(members) == {"anonymous_id:d", "email:a@x.de", "phone:+4930123456", "user_id:ada"}
    assert members["email:a@x.de"]["first_seen"] == members["email:a@x.de"]["last_seen"]
    assert "first_seen" not in members["phone:+4930123456"]
    assert members["anonymous_id:d"]["state"] == "contested"
    assert told["claimants"] == []


def test_who_was_never_linked_is_described_by_what_was_seen(client: ClickHouse) -> None:
    told = described(client, "default", *customers(client, "default", [str(BOB)], "DE"))
    assert told is not None
    assert [one["identifier"] for one in told["identifiers"]] == ["user_id:bob"]
    assert (told["traits"], told["interactions"]) == ({}, 1)


def test_of_whom_nothing_is_known_nothing_is_told(client: ClickHouse) -> None:
    for asked in ("user_id:nobody", str(UUID(int=3))):
        assert described(client, "default", *customers(client, "default", [asked], "DE")) is None
