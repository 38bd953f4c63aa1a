"""The records of identity, as bytes: functions of what they say and of the run's version alone."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END, moment
from schemas.ids import uuid_text
from stream_processors.core.outputs import Output
from stream_processors.core.owners import Owner, Row, profile_name
from stream_processors.core.profiles import Portrait

_json: Final = msgspec.json.Encoder().encode
_BOUNDS: Final = {BEGIN: moment(BEGIN), END: moment(END)}


class Change(NamedTuple):
    """What an entry of `identity.changes` says; identifiers and profiles in their order."""

    what: str
    identifiers: Sequence[str] = ()
    profiles: Sequence[str] = ()
    rule: str = ""
    evidence: Sequence[UUID] = ()


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
        self._text = str(version)
        self._at = moment(at)
        self._head = b'{"tenant":' + _json(tenant)
        self._ids: dict[Owner, str] = {}

    def id_of(self, owner: Owner) -> str:
        """The id of a profile."""
        found = self._ids.get(owner)
        if found is None:
            found = self._ids[owner] = uuid_text(profile_name(self.tenant, owner))
        return found

    def map(self, subject: str, row: Row) -> Output:
        """`identity.map`; an empty row: it is its own implicit profile again."""
        return self.maps([subject], row)[0]

    def maps(self, subjects: Iterable[str], row: Row) -> list[Output]:
        """The same for several with one row."""
        spans = b",".join(
            b'{"since":"%b","until":"%b","profile":"%b","state":"%b"}'
            % (_time(span.since), _time(span.until), self.id_of(span.owner).encode(), span.state.encode())
            for span in row
        )
        tail = b',"version":%d,"ranges":[%b]}' % (self._version, spans)
        start = self._head + b',"subject":'
        return [(f"{self.tenant}:{subject}".encode(), start + _json(subject) + tail) for subject in subjects]

    def portrait(self, one: Portrait) -> Output:
        """`customer.profiles`: a customer, or whose it is now."""
        said = b",".join(
            b'%b:{"value":%b,"source":%b,"at":"%b"}' % (_json(name), trait.value, _json(trait.source), _time(trait.at))
            for name, trait in one.traits.items()
        )
        key = self.id_of(one.owner).encode()
        state, by = (b"absorbed", b'"%b"' % self.id_of(one.by).encode()) if one.by else (b"live", b"null")
        head = b'%b,"profile_id":"%b","version":%d,"state":"%b"' % (self._head, key, self._version, state)
        identifiers = _json(sorted(one.entries))
        return key, b'%b,"absorbed_by":%b,"identifiers":%b,"traits":{%b}}' % (head, by, identifiers, said)

    def change(self, change: Change) -> Output:
        """`identity.changes`: what became of identifiers and profiles."""
        return self._change(change, "", "", "")

    def command(self, fact: Evidence, profiles: Sequence[str]) -> Output:
        """`identity.changes`: an operator's fact arrived."""
        change = Change(
            what="rules" if fact.fact == "rules" else "command",
            identifiers=sorted({*fact.left, *fact.right}),
            profiles=profiles,
            evidence=[fact.fact_id],
        )
        return self._change(change, fact.command or fact.fact, fact.author, fact.reason)

    def _change(self, change: Change, command: str, author: str, reason: str) -> Output:
        said = [
            change.what,
            change.rule,
            *change.identifiers,
            "",
            *change.profiles,
            *map(str, change.evidence),
        ]
        change_id = uuid_text("change", self.tenant, self._text, *said)
        document = {
            "tenant": self.tenant,
            "change_id": change_id,
            "version": self._version,
            "at": self._at,
            "what": change.what,
            "identifiers": change.identifiers,
            "profiles": change.profiles,
            "rule": change.rule,
            "evidence": change.evidence,
            "command": command,
            "author": author,
            "reason": reason,
        }
        return change_id.encode(), _json(document)


def _time(t: int) -> bytes:
    return (_BOUNDS.get(t) or moment(t)).encode()
