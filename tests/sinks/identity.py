"""Records of identity, as the processors, the operators' commands and the resolver write them, for the sink's tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import orjson

from schemas.evidence import Evidence, command_fact_id, link_id, rules_id, traits_id
from schemas.identity import BEGIN, END, Range, Rules, moment
from schemas.ids import uuid_of

TENANT = "default"
EVENT = UUID(int=0xE)
COMMAND = UUID(int=0xC)
TIE = UUID(int=0x71E)


def link(one: str, other: str, at: int, tenant: str = TENANT) -> bytes:
    """A record of identity.evidence: two identifiers in one interaction."""
    return Evidence(
        tenant, link_id(tenant, one, other), "link", _time(at), (one,), (other,), event_id=EVENT, source="web"
    ).encode()


def traits(subject: str, at: int, said: dict[str, object]) -> bytes:
    """What one interaction says of its subject."""
    raw = msgspec.Raw(orjson.dumps(said))
    return Evidence(
        TENANT, traits_id(TENANT, subject, EVENT), "traits", _time(at), (subject,),
        event_id=EVENT, source="web", traits=raw,
    ).encode()  # fmt: skip


def keep_apart(left: Sequence[str], right: Sequence[str], at: int) -> bytes:
    """An operator's fact."""
    return Evidence(
        TENANT, command_fact_id(TENANT, "keep_apart", at, left=left, right=right), "keep_apart", _time(at), left, right,
        command_id=COMMAND, command="keep-apart", author="grace", reason="two people",
    ).encode()  # fmt: skip


def retract(target: bytes, at: int) -> bytes:
    """The fact that takes another one back."""
    fact = msgspec.json.decode(target, type=Evidence)
    return Evidence(
        TENANT, command_fact_id(TENANT, "retract", at, left=fact.left, right=fact.right, target=fact.fact_id),
        "retract", _time(at), fact.left, fact.right, target=fact.fact_id, target_fact=fact.fact,
        command_id=UUID(int=0xD), command="retract", author="grace", reason="a mistake",
    ).encode()  # fmt: skip


def rules(said: Rules, at: int) -> bytes:
    """The rules that hold from a moment on."""
    raw = orjson.dumps(said.as_document(), option=orjson.OPT_SORT_KEYS)
    return Evidence("", rules_id(raw, at), "rules", _time(at), rules=msgspec.Raw(raw)).encode()


def mapped(subject: str, version: int, *ranges: Range, tenant: str = TENANT) -> bytes:
    """A record of identity.map; without ranges the subject is its own profile again."""
    return orjson.dumps(
        {
            "tenant": tenant,
            "subject": subject,
            "version": version,
            "ranges": [
                {"since": moment(r.since), "until": moment(r.until), "profile": str(r.profile), "state": r.state}
                for r in ranges
            ],
        }
    )


def always(profile: UUID) -> Range:
    """One profile's at all times."""
    return Range(BEGIN, END, profile, "linked")


class Trait(NamedTuple):
    """One trait of a profile."""

    value: object
    source: str = "web"
    at: int = 1_000


def profile(
    profile_id: UUID,
    version: int,
    identifiers: Sequence[str] = (),
    said: dict[str, Trait] | None = None,
    absorbed_by: UUID | None = None,
) -> bytes:
    """A record of customer.profiles."""
    return orjson.dumps(
        {
            "tenant": TENANT,
            "profile_id": str(profile_id),
            "version": version,
            "state": "absorbed" if absorbed_by else "live",
            "absorbed_by": str(absorbed_by) if absorbed_by else None,
            "identifiers": [
                {"kind": kind, "value": value, "since": moment(1_000), "state": "linked"}
                for kind, _, value in (identifier.partition(":") for identifier in identifiers)
            ],
            "traits": {
                name: {"value": trait.value, "source": trait.source, "at": moment(trait.at)}
                for name, trait in (said or {}).items()
            },
        }
    )


def change(number: int, what: str, identifiers: Sequence[str], profiles: Sequence[UUID], **members: object) -> bytes:
    """A record of identity.changes."""
    told = {
        "tenant": TENANT,
        "change_id": str(uuid_of("change", str(number))),
        "version": number,
        "at": moment(1_772_366_400_000 + number * 1000),
        "what": what,
        "identifiers": list(identifiers),
        "profiles": [str(one) for one in profiles],
        "rule": "",
        "evidence": [str(TIE)],
        "command": "",
        "author": "",
        "reason": "",
    }
    return orjson.dumps(told | members)


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
