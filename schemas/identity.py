"""The rules of identity: how each kind of identifier may join customers, and what the resolver says of a subject.

Rules are configuration (`[identity]`), and reach the resolver through the evidence topic, so that a profile is a pure
function of the evidence. What they mean is in docs/identity.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from schemas.identifiers import OTHER, PRIORITIES

BEGIN: Final = 0  # milliseconds since 1970: no interaction is older
END: Final = 4_102_444_800_000  # 2100-01-01: none is younger

State = Literal["linked", "own", "contested", "hub"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How identifiers of one kind behave.

    Attributes:
        priority: the lowest of a profile is its root; of two in doubt the higher gives way.
        limit: how many of this kind one profile may have.
        unique: two of them are two customers, as accounts are.
        shared: several people may use it, as a device.
        blocked: values that are no identifiers; their links count for nothing.
    """

    priority: int
    limit: int = 5
    unique: bool = False
    shared: bool = False
    blocked: frozenset[str] = frozenset()


_KINDS: Final = {
    "user_id": Kind(PRIORITIES["user_id"], 1, unique=True),
    "device_id": Kind(PRIORITIES["device_id"], 500, shared=True),
    "anonymous_id": Kind(PRIORITIES["anonymous_id"], 500, shared=True),
    "call_id": Kind(PRIORITIES["call_id"], 500, shared=True),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules by which a component is resolved.

    Attributes:
        kinds: by name; all others behave as `other`.
        hub: strong neighbours above which an identifier links nothing.
        degree: the same for neighbours of any kind.
        cap: identifiers in one profile.
        consent: traits that say what a customer permits; of several values the most restrictive counts.
    """

    kinds: Mapping[str, Kind] = field(
        default_factory=lambda: {name: Kind(priority) for name, priority in PRIORITIES.items()} | _KINDS
    )
    other: Kind = Kind(OTHER)
    hub: int = 50
    degree: int = 1000
    cap: int = 1000
    consent: frozenset[str] = frozenset()

    def of(self, kind: str) -> Kind:
        """How a kind behaves."""
        return self.kinds.get(kind, self.other)

    def as_document(self) -> dict[str, Any]:
        """Plain data, sorted: the same rules give the same bytes."""
        return {
            "kinds": {name: _kind_document(kind) for name, kind in sorted(self.kinds.items())},
            "other": _kind_document(self.other),
            "hub": self.hub,
            "degree": self.degree,
            "cap": self.cap,
            "consent": sorted(self.consent),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Rules":
        """The rules that `as_document` gave.

        Raises:
            KeyError, TypeError: it is something else.
        """
        return cls(
            kinds={name: _kind(kind) for name, kind in document["kinds"].items()},
            other=_kind(document["other"]),
            hub=document["hub"],
            degree=document["degree"],
            cap=document["cap"],
            consent=frozenset(document["consent"]),
        )


def _kind_document(kind: Kind) -> dict[str, Any]:
    return {
        "priority": kind.priority,
        "limit": kind.limit,
        "unique": kind.unique,
        "shared": kind.shared,
        "blocked": sorted(kind.blocked),
    }


def _kind(document: Mapping[str, Any]) -> Kind:
    return Kind(
        document["priority"],
        document["limit"],
        unique=document["unique"],
        shared=document["shared"],
        blocked=frozenset(document["blocked"]),
    )


class Range(NamedTuple):
    """Whose an identifier was from `since` to before `until`, both in milliseconds since 1970.

    `state`: linked, to a profile of several identifiers; own, a profile by itself; contested or hub, nobody's.
    """

    since: int
    until: int
    profile: UUID
    state: State


def milliseconds(time: datetime) -> int:
    """Milliseconds since 1970 of a time with a zone."""
    since = time - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def moment(at: int) -> str:
    """RFC 3339, UTC, milliseconds."""
    whole, fraction = divmod(at, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:03}Z"


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
