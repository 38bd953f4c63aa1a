"""Profiles that are no more, by other rules or since a store was lost: each keeps a record that says whose it is."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

import msgspec

from schemas.identifiers import OTHER, PRIORITIES
from schemas.identity import BEGIN, moment
from schemas.ids import profile_id
from stream_processors.resolver.contract import Output, Resolution


class _Entry(msgspec.Struct, frozen=True):
    kind: str
    value: str
    since: str = moment(BEGIN)
    state: str = "own"


class _Profile(msgspec.Struct, frozen=True):
    """A record of `customer.profiles`, as far as it matters here; its members in their order."""

    tenant: str
    profile_id: str
    version: int
    state: Literal["live", "absorbed"]
    absorbed_by: str | None
    identifiers: list[_Entry]
    traits: dict[str, msgspec.Raw]


class _Range(msgspec.Struct, frozen=True):
    profile: str


class _Row(msgspec.Struct, frozen=True):
    """A row of `identity.map`, as far as it matters here."""

    tenant: str
    subject: str
    ranges: list[_Range]


_profile: Final = msgspec.json.Decoder(_Profile).decode
_row: Final = msgspec.json.Decoder(_Row).decode


class Undone:
    """What was a profile before, and is none now that everything was told anew."""

    def __init__(self) -> None:
        self._told: set[int] = set()
        self._standing: dict[bytes, bytes] = {}  # records that nothing new was said of, and that say they live

    def note(self, piece: Resolution) -> None:
        """Profiles that have a record now."""
        self._told.update(hash(key) for key, _ in piece.profiles)

    def found(self, records: Iterable[Output], is_mine: Callable[[str], bool]) -> None:
        """Records that stand in Kafka, those of one key in their order; `is_mine`: of which tenants to judge."""
        for key, value in records:
            if hash(key) in self._told:
                continue
            was = _profile(value) if value else None
            if was is not None and was.state == "live" and is_mine(was.tenant):
                self._standing[key] = value
            else:
                self._standing.pop(key, None)

    @property
    def standing(self) -> Resolution:
        """What was found and is none any more, as it stands."""
        return Resolution(profiles=list(self._standing.items()))

    def records(self, before: Iterable[Resolution], after: Iterable[Resolution], version: int) -> Iterator[Output]:
        """The records of those that are no more; `before` and `after`: everything, under the rules of then and now."""
        lost: dict[tuple[str, str], list[_Profile]] = {}
        for piece in before:
            for key, value in piece.profiles:
                if hash(key) not in self._told and (was := _profile(value)).identifiers:
                    lost.setdefault((was.tenant, _root(was)), []).append(was)
        owners = dict(_owners(after, lost.keys())) if lost else {}
        for (tenant, root), some in sorted(lost.items()):
            owner = owners.get((tenant, root)) or str(profile_id(tenant, root))
            for was in some:
                yield was.profile_id.encode(), msgspec.json.encode(_now(was, root, owner, version))


def _root(was: _Profile) -> str:
    """The identifier that a profile is named after: the strongest."""
    _, kind, value = min((PRIORITIES.get(one.kind, OTHER), one.kind, one.value) for one in was.identifiers)
    return f"{kind}:{value}"


def _owners(after: Iterable[Resolution], wanted: Iterable[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Whose these subjects are now, where they are more than their own."""
    keys = {f"{tenant}:{subject}".encode() for tenant, subject in wanted}
    for piece in after:
        for key, value in piece.map:
            if key in keys and (row := _row(value)).ranges:
                yield (row.tenant, row.subject), row.ranges[-1].profile


def _now(was: _Profile, root: str, owner: str, version: int) -> _Profile:
    if owner != was.profile_id:
        return _Profile(was.tenant, was.profile_id, version, "absorbed", owner, [], {})
    kind, _, value = root.partition(":")
    return _Profile(was.tenant, owner, version, "live", None, [_Entry(kind, value)], {})
