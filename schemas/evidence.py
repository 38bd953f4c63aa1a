"""Evidence: facts about identifiers, the value of `identity.evidence`. Profiles are a pure function of the set of them.

Facts have deterministic ids, so that copies meet; the merge of two sets is their union, and of a link seen twice the
earliest time counts. One record, one fact; one partition, all evidence of a tenant.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID
from zlib import crc32

import msgspec

from schemas.ids import uuid_of

FactKind = Literal["link", "traits", "tie", "keep_apart", "block", "handover", "erase", "retract", "rules"]
FACTS: Final[tuple[FactKind, ...]] = get_args(FactKind)


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A fact. Identifiers are written `kind:value`, in normal form.

    Attributes:
        tenant: whose customers these are; empty for rules, which are every tenant's.
        fact_id: see `fact_id`.
        fact: link and traits were seen in an interaction; all others are an operator's.
        at: since when it holds: when the interaction happened; the moment that a handover names.
        left, right: of whom it speaks. link and tie: one identifier each side. keep_apart: none of the left may be in
            one profile with any of the right. traits, block, handover, erase: one on the left. retract: those of its
            target.
        event_id, source: the interaction that showed it.
        traits: what a traits fact says.
        target: the fact id that a retract takes back.
        target_fact: what kind of fact that is.
        rules: `schemas.identity.Rules.as_document`.
        command_id, command, author, reason: the operator's command that it is part of.
    """

    tenant: str
    fact_id: UUID
    fact: FactKind
    at: datetime
    left: Sequence[str] = ()
    right: Sequence[str] = ()
    event_id: UUID | None = None
    source: str = ""
    traits: msgspec.Raw = msgspec.Raw(b"")
    target: UUID | None = None
    target_fact: FactKind | Literal[""] = ""
    rules: msgspec.Raw = msgspec.Raw(b"")
    command_id: UUID | None = None
    command: str = ""
    author: str = ""
    reason: str = ""

    def encode(self) -> bytes:
        """The value of a record: one JSON object that begins with the tenant."""
        return _encode(self)


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Evidence).decode


def decode(value: bytes) -> Evidence | str:
    """The fact, or what is wrong with these bytes."""
    try:
        fact = _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)
    return fact if _is_sound_link(fact) else _fault(fact) or fact


def _fault(fact: Evidence) -> str:
    sides = _SIDES[fact.fact]
    if (bool(fact.left), bool(fact.right)) != sides and fact.fact != "retract":
        return f"a {fact.fact} names identifiers on {'both sides' if sides[1] else 'one side' if sides[0] else 'none'}"
    if fact.fact not in {"keep_apart", "retract"} and (len(fact.left) > 1 or len(fact.right) > 1):
        return f"a {fact.fact} names one identifier a side"
    if fact.at.tzinfo is None:
        return "its time has no zone"
    if fact.fact == "retract" and fact.target is None:
        return "a retract names no target"
    if any(":" not in identifier for identifier in (*fact.left, *fact.right)):
        return "an identifier is not kind:value"
    return ""


def _is_sound_link(fact: Evidence) -> bool:
    """Whether it is what nearly all facts are; then there is no fault to look for."""
    if fact.fact != "link" or len(fact.left) != 1 or len(fact.right) != 1 or fact.at.tzinfo is None:
        return False
    return ":" in fact.left[0] and ":" in fact.right[0]


_SIDES: Final[dict[FactKind, tuple[bool, bool]]] = {
    "link": (True, True),
    "traits": (True, False),
    "tie": (True, True),
    "keep_apart": (True, True),
    "block": (True, False),
    "handover": (True, False),
    "erase": (True, False),
    "retract": (True, False),
    "rules": (False, False),
}


def link_id(tenant: str, one: str, other: str) -> UUID:
    """The id of a link: its unordered pair, whatever its time, so that copies meet."""
    low, high = (one, other) if one < other else (other, one)
    return uuid_of("link", tenant, low, high)


def traits_id(tenant: str, subject: str, event_id: UUID) -> UUID:
    """The id of what one interaction says of its subject."""
    return uuid_of("traits", tenant, subject, str(event_id))


def command_fact_id(
    tenant: str, fact: FactKind, at: int, *, left: Iterable[str], right: Iterable[str] = (), target: UUID | None = None
) -> UUID:
    """The id of an operator's fact: all that it says; `at` in milliseconds since 1970."""
    sides = sorted(("\x1e".join(sorted(left)), "\x1e".join(sorted(right))))
    return uuid_of(fact, tenant, str(at), *sides, str(target or ""))


def rules_id(rules: bytes, at: int) -> UUID:
    """The id of rules, as sorted JSON, that hold from a moment on."""
    return uuid_of("rules", str(at), rules.decode())


def shard_of(tenant: str, partitions: int) -> int:
    """The partition of `identity.evidence` that has all evidence of a tenant. Rules go to every one."""
    return crc32(tenant.encode()) % partitions
