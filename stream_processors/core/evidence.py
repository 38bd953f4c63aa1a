"""Evidence: what stored interactions say of their identifiers, without what the same worker has said lately.

A star of links, from the subject to each other identifier; one fact of traits; and where an event means that its user
has left, a handover of each device in it. The same interaction gives the same facts, byte for byte. Evidence is a set,
so to forget what was said does no harm: a crash, a moved partition or a full memory cost copies, never a fact.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from operator import ge, le
from typing import Final
from uuid import UUID

from schemas.check import EMPTY, Checked, Passed
from schemas.evidence import Evidence, command_fact_id, link_id, traits_id
from schemas.identified import Identified
from schemas.identifiers import is_blocked
from schemas.identity import END, milliseconds
from stream_processors.core.recent import Recent

_LINKS: Final = 128 << 20  # bytes to remember them in: some 600,000
_TRAITS: Final = 8 << 20
_NEXT: Final = timedelta(milliseconds=1)
_AUTHOR: Final = "throughline"


class Lane:
    """The way of evidence in one worker. Used by one thread."""

    def __init__(
        self, *, shared: frozenset[str], logout_events: frozenset[str], links: int = _LINKS, traits: int = _TRAITS
    ) -> None:
        """`shared`: kinds that several people may use, as a device; `links`, `traits`: bytes to remember them in."""
        self._shared = shared
        self._logout = logout_events
        self._links: Recent[datetime] = Recent(links, le)  # of copies the earliest counts
        self._traits: Recent[tuple[datetime, UUID]] = Recent(traits, ge)  # the latest one wins

    def facts(self, stored: Iterable[Passed]) -> list[Evidence]:
        """What interactions say that is new."""
        found: list[Evidence] = []
        telling: list[Passed] = []
        for event, who in stored:
            for other, pair in who.others:
                if not self._links.knows(f"{event.tenant} {pair}", event.occurred_at):
                    found.append(_link(event, who.subject, other))
            if event.traits is not EMPTY and bytes(event.traits) != b"{}":
                telling.append((event, who))
            if self._logout and event.name in self._logout:
                found += self._handovers(event, who)
        if telling:
            telling.sort(key=lambda one: _rank(one[0]), reverse=True)  # then the latest one covers the others
            found += self._told(telling)
        return found

    def _told(self, telling: Iterable[Passed]) -> Iterator[Evidence]:
        """Facts of traits, the latest first; the same values said of an earlier moment change nothing.

        Unless it is a device's: it may have changed hands in between.
        """
        for event, who in telling:
            subject = who.subject
            kind, _, value = subject.partition(":")
            mark = blake2b(bytes(event.traits), digest_size=16).hexdigest()
            key = f"{mark} {event.tenant} {subject}"
            if (kind not in self._shared and self._traits.knows(key, _rank(event))) or is_blocked(value):
                continue
            yield Evidence(
                event.tenant,
                traits_id(event.tenant, subject, event.event_id),
                "traits",
                event.occurred_at,
                (subject,),
                event_id=event.event_id,
                source=event.source,
                traits=event.traits,
            )

    def _handovers(self, event: Checked, who: Identified) -> Iterator[Evidence]:
        """From the next moment on, each device is in other hands; the event itself is still its user's."""
        at = event.occurred_at + _NEXT
        if milliseconds(at) >= END:
            return
        for identifier in who.identifiers:
            if identifier.kind in self._shared and not is_blocked(identifier.value):
                device = (f"{identifier.kind}:{identifier.value}",)
                yield Evidence(
                    event.tenant,
                    command_fact_id(event.tenant, "handover", milliseconds(at), left=device),
                    "handover",
                    at,
                    device,
                    event_id=event.event_id,
                    source=event.source,
                    command="handover",
                    author=_AUTHOR,
                    reason=f"logout event: {event.name}",
                )


def _link(event: Checked, subject: str, other: str) -> Evidence:
    fact_id = link_id(event.tenant, subject, other)
    return Evidence(
        event.tenant, fact_id, "link", event.occurred_at, (subject,), (other,), event.event_id, event.source
    )


def _rank(event: Checked) -> tuple[datetime, UUID]:
    """By which traits win: the time, and of the same time the event id."""
    return event.occurred_at, event.event_id
