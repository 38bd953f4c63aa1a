"""Worlds of identity to judge: facts as tests write them, rules with low thresholds, and random facts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from schemas.evidence import Evidence, FactKind, command_fact_id, link_id, traits_id
from schemas.identity import Kind, Rules
from schemas.ids import event_id

TENANT = "default"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORT = {"U": "user_id", "E": "email", "P": "phone", "A": "anonymous_id", "D": "device_id", "S": "instagram_id"}
RULES = Rules()
NARROW = Rules(
    kinds={
        "user_id": Kind(10, 1, unique=True),
        "email": Kind(20, 2, blocked=frozenset({"null"})),
        "phone": Kind(30, 2),
        "anonymous_id": Kind(90, 3, shared=True),
        "device_id": Kind(90, 2, shared=True),
    },
    hub=3,
    degree=5,
    cap=6,
)


def narrow(random: Random) -> Rules:
    """Rules under which small worlds have hubs, limits and caps."""
    return replace(NARROW, hub=random.randint(1, 4), degree=random.randint(2, 7), cap=random.randint(2, 9))


def name(short: str) -> str:
    """`U1` is user_id:1; what has a colon is itself."""
    return short if ":" in short else f"{SHORT[short[0]]}:{short[1:]}"


def at(t: int) -> datetime:
    return EPOCH + timedelta(milliseconds=t)


def link(a: str, b: str, t: int) -> Evidence:
    left, right = name(a), name(b)
    event = event_id(TENANT, "web", f"{left}{right}{t}")
    return Evidence(TENANT, link_id(TENANT, left, right), "link", at(t), (left,), (right,), event, "web")


def traits(a: str, t: int, said: dict[str, object], number: int = 0) -> Evidence:
    event = event_id(TENANT, "web", f"{a}{t}{number}")
    raw = msgspec.Raw(msgspec.json.encode(said))
    return Evidence(TENANT, traits_id(TENANT, name(a), event), "traits", at(t), (name(a),), (), event, "web", raw)


def command(fact: FactKind, t: int, left: Sequence[str], right: Sequence[str] = ()) -> Evidence:
    sides = tuple(map(name, left)), tuple(map(name, right))
    fact_id = command_fact_id(TENANT, fact, t, left=sides[0], right=sides[1])
    return Evidence(TENANT, fact_id, fact, at(t), *sides, command=fact, author="ann", reason="she said so")


def tie(a: str, b: str, t: int) -> Evidence:
    return command("tie", t, [a], [b])


def keep_apart(left: Sequence[str], right: Sequence[str], t: int) -> Evidence:
    return command("keep_apart", t, left, right)


def retract(target: Evidence, t: int) -> Evidence:
    sides = tuple(target.left), tuple(target.right)
    fact_id = command_fact_id(TENANT, "retract", t, left=sides[0], right=sides[1], target=target.fact_id)
    return Evidence(
        TENANT, fact_id, "retract", at(t), *sides, target=target.fact_id, target_fact=target.fact,
        command="retract", author="ann", reason="a mistake",
    )  # fmt: skip


def random_facts(random: Random, *, size: int, commands: float, names: Sequence[str] | None = None) -> list[Evidence]:
    """Links among few identifiers, some as stars around one, and a share of commands."""
    names = names or [f"{kind}{n}" for kind in "UEPADS" for n in range(1, random.randint(2, 5))] + ["email:null"]
    centre = random.sample(names, min(3, len(names)))
    span = random.choice((4, 12, 40))
    facts: list[Evidence] = []
    while len(facts) < size:
        if facts and random.random() < commands:
            facts.append(_command(random, names, facts, span))
            continue
        a = random.choice(centre if random.random() < 0.5 else names)
        facts.append(link(a, random.choice([n for n in names if n != a]), random.randint(1, span)))
    return facts


def _command(  # noqa: PLR0911  one return for each
    random: Random, names: Sequence[str], facts: Sequence[Evidence], span: int
) -> Evidence:
    t = random.randint(0, span)
    one, other = random.sample(names, 2)
    match random.choice(("tie", "keep_apart", "block", "handover", "erase", "retract", "retract", "several")):
        case "tie":
            return tie(one, other, t)
        case "keep_apart":
            return keep_apart([one], [other], t)
        case "several":
            some = random.sample(names, min(4, len(names)))
            return keep_apart(some[:2], some[2:] + some[: random.randint(0, 1)], t)
        case "block":
            return command("block", t, [one])
        case "handover":
            return command("handover", t, [one])
        case "erase":
            return command("erase", t, [one])
        case _:
            return retract(random.choice(facts), t)


def fact_ids(facts: Sequence[Evidence]) -> set[UUID]:
    return {fact.fact_id for fact in facts}
