"""Worked stories of identity: what customers did, and whose each interaction is. docs/identity.md tells them in words.

Every story is told forwards and backwards, each time under a tenant of its own, through the real HTTP door.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

BASE: Final = datetime(2026, 1, 10, 12, tzinfo=UTC)


def at(minute: int) -> str:
    """A minute of the story, RFC 3339."""
    return f"{BASE + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%S}.000Z"


@dataclass(frozen=True, slots=True)
class Told:
    """One interaction: its message id, its minute, and the identifiers that it carries."""

    message: str
    minute: int
    identifiers: dict[str, str]
    alias_of: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, and whose each message is.

    Attributes:
        customers: messages of each customer; two customers are two profiles.
        nobody: messages that belong to no customer.
        commands: an operator's, given when all was told.
    """

    name: str
    about: str
    told: list[Told]
    customers: dict[str, list[str]]
    nobody: list[str] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)


def seen(message: str, minute: int, **identifiers: str) -> Told:
    """An interaction that carries these identifiers, by kind."""
    return Told(message, minute, identifiers)


def alias(message: str, minute: int, previous: str, user: str) -> Told:
    """Segment's alias: `previous` is `user` from now on."""
    return Told(message, minute, {"user_id": user}, previous)


STORIES: Final = [
    Story(
        "two_devices",
        "Anonymous visits, then a login, on two devices: one customer (Segment, Snowplow, RudderStack).",
        [
            seen("m1", 1, anonymous_id="phone-1"),
            seen("m2", 2, anonymous_id="phone-1", user_id="ada"),
            seen("m3", 3, anonymous_id="laptop-1"),
            seen("m4", 4, anonymous_id="laptop-1", user_id="ada"),
        ],
        {"ada": ["m1", "m2", "m3", "m4"]},
    ),
    Story(
        "one_tablet",
        "Two people on one tablet: three timelines, no merge (PostHog, Mixpanel, Adobe's shared device).",
        [
            seen("m1", 1, anonymous_id="tablet"),
            seen("m2", 2, anonymous_id="tablet", user_id="ada"),
            seen("m3", 3, anonymous_id="tablet"),
            seen("m4", 4, anonymous_id="tablet", user_id="bob"),
            seen("m5", 5, anonymous_id="tablet"),
        ],
        {"ada": ["m1", "m2", "m3"], "bob": ["m4"]},
        ["m5"],
    ),
    Story(
        "two_guests",
        "Two guests leave their e-mail on one device: the first keeps its past.",
        [
            seen("m1", 1, anonymous_id="kiosk", email="tom@example.com"),
            seen("m2", 2, anonymous_id="kiosk"),
            seen("m3", 3, anonymous_id="kiosk", email="summer@example.com"),
            seen("m4", 4, anonymous_id="kiosk"),
        ],
        {"tom": ["m1", "m2"], "summer": ["m3"]},
        ["m4"],
    ),
    Story(
        "family_email",
        "One e-mail address, two accounts: the accounts stay apart; the address is nobody's from the second on.",
        [
            seen("m1", 1, user_id="mum", email="family@example.com"),
            seen("m2", 2, email="family@example.com"),
            seen("m3", 5, user_id="son", email="family@example.com"),
            seen("m4", 6, email="family@example.com"),
        ],
        {"mum": ["m1", "m2"], "son": ["m3"]},
        ["m4"],
    ),
    Story(
        "family_email_settled",
        "The same, until an operator says whose address it is.",
        [
            seen("m1", 1, user_id="mum", email="family@example.com"),
            seen("m2", 5, user_id="son", email="family@example.com"),
            seen("m3", 6, email="family@example.com"),
        ],
        {"mum": ["m1", "m3"], "son": ["m2"]},
        [],
        [["tie", "email:family@example.com", "user_id:mum"]],
    ),
    Story(
        "recycled_number",
        "A phone number changes hands: after the handover it is another one's, and its past stays.",
        [
            seen("m1", 1, user_id="ada", phone="+12015550123"),
            seen("m2", 2, phone="+12015550123"),
            seen("m3", 20, user_id="bob", phone="+12015550123"),
            seen("m4", 21, phone="+12015550123"),
        ],
        {"ada": ["m1", "m2"], "bob": ["m3", "m4"]},
        [],
        [["handover", "phone:+12015550123", "--at", at(10)]],
    ),
    Story(
        "switchboard",
        "A call centre's number in the records of 60 customers: it joins none of them.",
        [
            *(seen(f"m{n}", n, user_id=f"caller-{n}", phone="+12015550100") for n in range(1, 61)),
            seen("line", 70, phone="+12015550100"),
        ],
        {f"caller-{n}": [f"m{n}"] for n in range(1, 61)},
        ["line"],
    ),
    Story(
        "null_user",
        "A broken client sends the user id null: it is no identifier.",
        [
            seen("m1", 1, anonymous_id="a", user_id="null"),
            seen("m2", 2, anonymous_id="b", user_id="null"),
            seen("m3", 3, anonymous_id="a", user_id="ada"),
        ],
        {"ada": ["m1", "m3"], "stranger": ["m2"]},
    ),
    Story(
        "alias_chain",
        "Aliases of an account that was created late: one customer (Segment, Mixpanel).",
        [
            seen("m1", 1, anonymous_id="a1"),
            alias("m2", 2, "a1", "ada"),
            seen("m3", 3, anonymous_id="a2"),
            alias("m4", 4, "a2", "ada"),
            seen("m5", 5, user_id="ada"),
        ],
        {"ada": ["m1", "m2", "m3", "m4", "m5"]},
    ),
    Story(
        "late_login",
        "The login arrives a day late: its time counts, not its arrival.",
        [
            seen("m1", 1, anonymous_id="a"),
            seen("m2", 3, anonymous_id="a", user_id="ada"),
            seen("m3", 4, anonymous_id="a"),
            seen("m4", 2, anonymous_id="a"),
        ],
        {"ada": ["m1", "m2", "m3", "m4"]},
    ),
    Story(
        "one_person_everywhere",
        "The same person by web, Instagram, phone and e-mail: one timeline.",
        [
            seen("m1", 1, anonymous_id="a"),
            seen("m2", 2, anonymous_id="a", user_id="ada", email="ada@example.com", phone="(201) 555-0124"),
            seen("m3", 3, instagram_id="1784"),
            seen("m4", 4, instagram_id="1784", email="ADA@example.com"),
            seen("m5", 5, phone="+1 201 555 0124"),
            seen("m6", 6, email="ada@example.com"),
        ],
        {"ada": ["m1", "m2", "m3", "m4", "m5", "m6"]},
    ),
    Story(
        "later_device_takes_nothing_apart",
        "A device that turns out to be shared later does not split who was one before (Adobe's graph collapse).",
        [
            seen("m1", 1, user_id="ada", email="ada@example.com"),
            seen("m2", 2, user_id="bob", email="bob@example.com"),
            seen("m3", 3, anonymous_id="pc", email="ada@example.com"),
            seen("m4", 4, anonymous_id="pc", email="bob@example.com"),
            seen("m5", 5, email="ada@example.com"),
            seen("m6", 6, email="bob@example.com"),
        ],
        {"ada": ["m1", "m3", "m5"], "bob": ["m2", "m4", "m6"]},
    ),
    Story(
        "guest_then_account",
        "A guest orders by e-mail, and makes an account with it later (Segment Unify, RudderStack).",
        [
            seen("m1", 1, anonymous_id="a", email="ada@example.com"),
            seen("m2", 2, email="ada@example.com"),
            seen("m3", 30, anonymous_id="b", user_id="ada", email="ada@example.com"),
        ],
        {"ada": ["m1", "m2", "m3"]},
    ),
    Story(
        "kept_apart",
        "Kept apart by an operator, whatever their device says.",
        [
            seen("m1", 1, email="ann@example.com", anonymous_id="a"),
            seen("m2", 2, phone="+12015550177", anonymous_id="a"),
            seen("m3", 3, email="ann@example.com"),
            seen("m4", 4, phone="+12015550177"),
        ],
        {"ann": ["m1", "m3"], "other": ["m2", "m4"]},
        [],
        [["keep-apart", "email:ann@example.com", "phone:+12015550177"]],
    ),
]
