"""The records of identity, as bytes: functions of what they say and of the run's version alone."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END, State, moment
from schemas.ids import uuid_text
from stream_processors.core.kept import Traits
from stream_processors.core.outputs import Output
from stream_processors.core.owners import Owner, Row, profile_name

_json: Final = msgspec.json.Encoder().encode
_FIRST: Final = moment(BEGIN).encode()
_LAST: Final = moment(END).encode()
_BOUNDS: Final = {BEGIN: _FIRST, END: _LAST}
_EVER: Final = b'{"since":"%b","until":"%b","profile":"' % (_FIRST, _LAST)
_LINKED: Final = b',"since":"%b","state":"linked"}' % _FIRST
_TRAITS: Final = 4 << 20  # bytes of one customer's traits: beside a thousand identifiers they fit a record of Kafka
_NOBODY: Final = b'"command":"","author":"","reason":""'


class Change(NamedTuple):
    """What an entry of `identity.changes` says; identifiers and profiles in their order."""

    what: str
    identifiers: Sequence[str] = ()
    profiles: Sequence[str] = ()
    rule: str = ""
    evidence: Sequence[UUID] = ()


class Portrait(NamedTuple):
    """What the record of a profile says.

    Attributes:
        owner: the profile.
        by: whose it is now; None: it lives.
        is_needed: it is one of several identifiers, or of traits; else it is told because it had a record.
    """

    owner: Owner
    by: Owner | None
    entries: list[bytes]
    traits: Traits
    is_needed: bool


class Writer:
    """Writes the records of one tenant and one run.

    Args:
        tenant: whose.
        version: of all records of the run.
        at: the moment of the run, in milliseconds since 1970.
    """

    def __init__(self, tenant: str, version: int, at: int) -> None:
        self.tenant = tenant
        self._version = version
        self._when = b'","version":%d,"at":"%b",' % (version, moment(at).encode())
        self._head = b'{"tenant":' + _json(tenant)
        self._key = f"{tenant}:".encode()
        self._subject = self._head + b',"subject":'
        self._profile = self._head + b',"profile_id":"'
        self._live = b'","version":%d,"state":"live","absorbed_by":null,"identifiers":[' % version
        self._change_id = self._head + b',"change_id":"'
        self._seed = "\x1f".join(("change", tenant, str(version), "")).encode()
        self._ids: dict[Owner, str] = {}

    def id_of(self, owner: Owner) -> str:
        """The id of a profile."""
        found = self._ids.get(owner)
        if found is None:
            found = self._ids[owner] = uuid_text(profile_name(self.tenant, owner).encode())
        return found

    def map(self, subject: str, row: Row) -> Output:
        """`identity.map`; an empty row: it is its own implicit profile again."""
        spans = (self._span(_time(span.since), _time(span.until), span.owner, span.state) for span in row)
        return self._map([subject], b",".join(spans))[0]

    def linked(self, subjects: Iterable[str], owner: str) -> list[Output]:
        """`identity.map` of those that are for ever of the profile with this id."""
        return self._map(subjects, b'%b%b","state":"linked"}' % (_EVER, owner.encode()))

    def customer(self, owner: str, identifiers: Iterable[str]) -> Output:
        """`customer.profiles`: the customer with this id, whose identifiers are its for ever; nothing else is known."""
        key = owner.encode()
        return key, self._profile + key + self._live + _linked_entries(identifiers) + b'],"traits":{}}'

    def _span(self, since: bytes, until: bytes, owner: Owner, state: State) -> bytes:
        return b'{"since":"%b","until":"%b","profile":"%b","state":"%b"}' % (
            since, until, self.id_of(owner).encode(), state.encode(),
        )  # fmt: skip

    def _map(self, subjects: Iterable[str], spans: bytes) -> list[Output]:
        key, start = self._key, self._subject
        tail = b',"version":%d,"ranges":[%b]}' % (self._version, spans)
        return [(key + subject.encode(), start + _json(subject) + tail) for subject in subjects]

    def portrait(self, one: Portrait) -> Output:
        """`customer.profiles`: a customer, or whose it is now."""
        said = [
            b'%b:{"value":%b,"source":%b,"at":"%b"}' % (_json(name), trait.value, _json(trait.source), _time(trait.at))
            for name, trait in one.traits.items()
        ]
        key = self.id_of(one.owner).encode()
        state, by = (b"absorbed", b'"%b"' % self.id_of(one.by).encode()) if one.by else (b"live", b"null")
        head = b'%b,"profile_id":"%b","version":%d,"state":"%b"' % (self._head, key, self._version, state)
        identifiers = b",".join(one.entries)
        return key, b'%b,"absorbed_by":%b,"identifiers":[%b],"traits":{%b}}' % (
            head, by, identifiers, b",".join(_fitting(said)),
        )  # fmt: skip

    def change(self, change: Change) -> Output:
        """`identity.changes`: what became of identifiers and profiles."""
        return self._change(change, _NOBODY)

    def command(self, fact: Evidence, profiles: Sequence[str]) -> Output:
        """`identity.changes`: an operator's fact arrived."""
        change = Change(
            what="rules" if fact.fact == "rules" else "command",
            identifiers=sorted({*fact.left, *fact.right}),
            profiles=profiles,
            evidence=[fact.fact_id],
        )
        by = (_json(fact.command or fact.fact), _json(fact.author), _json(fact.reason))
        return self._change(change, b'"command":%b,"author":%b,"reason":%b' % by)

    def _change(self, change: Change, by: bytes) -> Output:
        said = b'"what":"%b","identifiers":%b,"profiles":%b,"rule":"%b","evidence":%b' % (
            change.what.encode(), _json(change.identifiers), _json(change.profiles), change.rule.encode(),
            _json(change.evidence),
        )  # fmt: skip
        key = uuid_text(self._seed + said).encode()
        return key, self._change_id + key + self._when + said + b"," + by + b"}"


def entry(identifier: str, since: int, state: State) -> bytes:
    """An identifier of a profile: since when, and how it stands there."""
    kind, _, value = identifier.partition(":")
    return b'{"kind":%b,"value":%b,"since":"%b","state":"%b"}' % (
        _json(kind), _json(value), _time(since), state.encode(),
    )  # fmt: skip


def _fitting(traits: list[bytes]) -> list[bytes]:
    """All of them; without the largest, where they are more than a record may hold."""
    size = sum(map(len, traits))
    left_out = set[int]()
    for at in sorted(range(len(traits)), key=lambda at: len(traits[at]), reverse=True) if size > _TRAITS else ():
        if size <= _TRAITS:
            break
        size -= len(traits[at])
        left_out.add(at)
    return [trait for at, trait in enumerate(traits) if at not in left_out]


def _linked_entries(identifiers: Iterable[str]) -> bytes:
    """The entries, in their order, of identifiers that are one profile's for ever; one at least."""
    some = [_json(identifier).replace(b":", b'","value":"', 1) for identifier in sorted(identifiers)]
    return b'{"kind":' + (_LINKED + b',{"kind":').join(some) + _LINKED


def _time(t: int) -> bytes:
    return _BOUNDS.get(t) or moment(t).encode()
